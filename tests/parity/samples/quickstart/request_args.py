from flask import request

searchword = request.args.get('key', '')
