"""Mail that is recorded instead of sent."""

from flask import Flask, request
from flask_mail import Mail, Message

app = Flask(__name__)
app.config.update(MAIL_DEFAULT_SENDER="trial@host.example", MAIL_SUPPRESS_SEND=True)
mail = Mail(app)


@app.post("/send")
def send():
    with mail.record_messages() as outbox:
        message = Message(request.form["subject"], recipients=["ada@host.example"])
        message.body = "Dear Ada"
        message.attach("note.txt", "text/plain", b"attached")
        mail.send(message)
    return {"sent": [sent.subject for sent in outbox], "sender": outbox[0].sender}
