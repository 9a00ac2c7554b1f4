from flask import render_template

from flask import make_response

@app.route('/')
def index():
    resp = make_response(render_template('hello.html'))
    resp.set_cookie('username', 'the username')
    return resp
