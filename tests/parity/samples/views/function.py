from flask import render_template

@app.route("/users/")
def user_list():
    users = User.query.all()
    return render_template("users.html", users=users)
