from flask.views import View

class UserList(View):
    decorators = [cache(minutes=2), login_required]

    def dispatch_request(self):
        return list_users()

app.add_url_rule('/users/', view_func=UserList.as_view('users_list'))
