from flask import request
from flask.views import View

class MyView(View):
    def dispatch_request(self):
        if request.method == "POST":
            return "posted"
        return "shown"

app.add_url_rule(
    "/my-view",
    view_func=MyView.as_view("my-view"),
    methods=["GET", "POST"],
)
