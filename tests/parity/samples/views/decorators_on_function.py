@app.route("/users/")
@login_required
@cache(minutes=2)
def user_list():
    return list_users()
