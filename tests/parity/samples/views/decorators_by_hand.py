from flask.views import View

class UserList(View):
    def dispatch_request(self):
        return list_users()

view = UserList.as_view("users_list")
view = cache(minutes=2)(view)
view = login_required(view)
app.add_url_rule('/users/', view_func=view)
