from flask import url_for

url = url_for('static', filename='style.css')
