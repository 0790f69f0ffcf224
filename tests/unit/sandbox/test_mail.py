from __future__ import annotations

import base64

import pytest

from daypass_sandbox.outbox import LONGEST
from graph_caller import Graph, new_tenant
from meeting_room import guests

CONTROL = "https://localhost:8443/sandbox"
TO_ALEX = [{"emailAddress": {"address": "alex@contoso.example"}}]
LUNCH = {"subject": "Lunch?", "body": {"contentType": "Text", "content": "The new cafeteria is open."}, "toRecipients": TO_ALEX}


def send(company, message, **more):
    return company.megan("POST", "/me/sendMail", {"message": message, **more})


def mime(company, text):
    return company.megan("POST", "/me/sendMail", base64.b64encode(text.encode()), headers={"Content-Type": "text/plain"})


# --- sendMail --------------------------------------------------------------------------------------------------


def test_a_sent_message_is_in_the_outbox(company):
    answer = send(
        company, {**LUNCH, "ccRecipients": [{"emailAddress": {"address": "robin@fabrikam.example", "name": "Robin"}}], "importance": "High"}
    )
    assert (answer.status, answer.body) == (202, None)
    (message,) = company.outbox()
    person = {"emailAddress": {"name": "Megan Bowen", "address": "megan@contoso.example"}}
    assert message["toRecipients"] == [{"emailAddress": {"name": "Alex Wilber", "address": "alex@contoso.example"}}]
    assert message["ccRecipients"] == [{"emailAddress": {"name": "Robin", "address": "robin@fabrikam.example"}}]
    assert (message["from"], message["sender"], message["kind"]) == (person, person, "mail")
    assert (message["subject"], message["body"], message["importance"]) == ("Lunch?", {**LUNCH["body"], "contentType": "text"}, "high")
    assert (message["sentDateTime"], message["savedToSentItems"], message["hasAttachments"]) == ("2026-11-25T18:00:00Z", True, False)
    assert message["bodyPreview"] == "The new cafeteria is open."


@pytest.mark.parametrize(("given", "saved"), [("false", False), (False, False), ("true", True), (None, True)])
def test_a_message_is_saved_unless_it_should_not_be(company, given, saved):
    send(company, LUNCH, SaveToSentItems=given)
    assert company.outbox()[0]["savedToSentItems"] is saved


def test_headers_attachments_and_flags_are_kept(company):
    headers = [{"name": "x-custom-header-group-name", "value": "Nevada"}]
    file = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentType": "text/plain", "contentBytes": "SGVsbG8="}
    flag = {"flagStatus": "flagged", "dueDateTime": {"dateTime": "2026-12-01T17:00:00", "timeZone": "UTC"}}
    assert send(company, {**LUNCH, "internetMessageHeaders": headers, "attachments": [file], "flag": flag}).status == 202
    (message,) = company.outbox()
    kept = {"name": "a.txt", "contentType": "text/plain", "contentBytes": "SGVsbG8="}
    assert (message["internetMessageHeaders"], message["attachments"], message["flag"]) == (headers, [kept], flag)
    assert message["hasAttachments"]


@pytest.mark.parametrize("address", ["megan@contoso.example", "MEGAN@contoso.example"])
def test_the_sender_may_be_named(company, address):
    assert send(company, {**LUNCH, "from": {"emailAddress": {"address": address}}}).status == 202
    assert company.outbox()[0]["from"]["emailAddress"]["name"] == "Megan Bowen"


BAD = {
    "no message": ({}, 400, "ErrorInvalidParameter"),
    "an empty message": ({"message": {}}, 400, "ErrorInvalidRecipients"),
    "no recipients": ({"message": {"subject": "x", "toRecipients": []}}, 400, "ErrorInvalidRecipients"),
    "a recipient without an address": ({"message": {"toRecipients": [{"emailAddress": {"name": "Alex"}}]}}, 400, "ErrorInvalidRecipients"),
    "two addresses in one": ({"message": {"toRecipients": [{"emailAddress": {"address": "alex"}}]}}, 400, "ErrorInvalidRecipients"),
    "a body as a string": ({"message": {**LUNCH, "body": "Hi"}}, 400, "RequestBodyRead"),
    "a message not wrapped": (LUNCH, 400, "RequestBodyRead"),
    "a property there is not": ({"message": {**LUNCH, "shoeSize": 44}}, 400, "RequestBodyRead"),
    "an importance there is not": ({"message": {**LUNCH, "importance": "urgent"}}, 400, "RequestBodyRead"),
    "a header of the mail itself": (
        {"message": {**LUNCH, "internetMessageHeaders": [{"name": "Received", "value": "x"}]}},
        400,
        "InvalidInternetMessageHeader",
    ),
    "bytes that are none": ({"message": {**LUNCH, "attachments": [{"name": "a", "contentBytes": "%%%"}]}}, 400, "RequestBodyRead"),
    "somebody else as sender": (
        {"message": {**LUNCH, "from": {"emailAddress": {"address": "alex@contoso.example"}}}},
        403,
        "ErrorSendAsDenied",
    ),
}


@pytest.mark.parametrize(("body", "status", "code"), BAD.values(), ids=BAD)
def test_what_cannot_be_sent_is_refused_and_not_sent(company, body, status, code):
    answer = company.megan("POST", "/me/sendMail", body)
    assert (answer.status, answer.code) == (status, code)
    assert company.outbox() == []


def test_a_message_in_mime_is_read(company):
    text = (
        "From: Megan Bowen <megan@contoso.example>\nTo: Alex Wilber <alex@contoso.example>, robin@fabrikam.example\n"
        "Bcc: lee@contoso.example\n"
        'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n'
        "--b\nContent-Type: text/html; charset=utf-8\n\n<p>Hello</p>\n--b\nContent-Type: text/plain\n"
        'Content-Disposition: attachment; filename="a.txt"\n\nthe text\n--b--\n'
    )
    assert mime(company, text).status == 202
    (message,) = company.outbox()
    assert (message["subject"], message["bodyPreview"], message["body"]["contentType"]) == ("Grüße", "Hello", "html")
    assert [to["emailAddress"]["address"] for to in message["toRecipients"]] == ["alex@contoso.example", "robin@fabrikam.example"]
    assert message["bccRecipients"][0]["emailAddress"]["name"] == "Lee Gu"
    (file,) = message["attachments"]
    assert (file["name"], base64.b64decode(file["contentBytes"])) == ("a.txt", b"the text")
    assert message["savedToSentItems"]


def test_mime_in_lines_and_without_a_sender_is_the_mailboxs_own(company):
    coded = base64.encodebytes(b"To: alex@contoso.example\nSubject: Hi\n\n" + b"text " * 40)
    assert company.megan("POST", "/me/sendMail", coded, headers={"Content-Type": "text/plain; charset=utf-8"}).status == 202
    assert company.outbox()[0]["from"]["emailAddress"]["name"] == "Megan Bowen"


def test_what_is_no_base64_is_refused_in_the_documented_words(company):
    answer = company.megan("POST", "/me/sendMail", b"To: alex@contoso.example", headers={"Content-Type": "text/plain"})
    assert (answer.status, answer.code, answer.message) == (
        400,
        "ErrorMimeContentInvalidBase64String",
        "Invalid base64 string for MIME content.",
    )


def test_mime_needs_recipients_and_the_own_name_too(company):
    assert mime(company, "Subject: Hi\n\ntext").code == "ErrorInvalidRecipients"
    assert mime(company, "From: alex@contoso.example\nTo: lee@contoso.example\n\ntext").code == "ErrorSendAsDenied"


def test_sending_takes_its_own_permission_and_ones_own_mailbox(company):
    assert Graph(company.tenant, "megan", ("Mail.Read",))("POST", "/me/sendMail", {"message": LUNCH}).status == 403
    assert company.megan("POST", "/users/alex@contoso.example/sendMail", {"message": LUNCH}).status == 403
    assert company.megan("POST", "/users/megan@contoso.example/sendMail", {"message": LUNCH}).status == 202


@pytest.mark.parametrize("path", ["/me/messages", "/me/mailFolders/inbox/messages", "/me/mailFolders"])
def test_folders_of_mail_are_not_built(company, path):
    assert company.megan("GET", path).status == 501


# --- the outbox ------------------------------------------------------------------------------------------------


def test_the_outbox_is_read_by_kind_and_by_people_and_emptied(company):
    company.invite("alex", "robin@fabrikam.example")
    company.act("alex", company.copy("alex"), "accept")
    send(company, {**LUNCH, "toRecipients": [], "bccRecipients": [{"emailAddress": {"address": "lee@contoso.example"}}]})
    kinds = {
        "": ["invitation", "response", "mail"],
        "kind=response": ["response"],
        "from=megan": ["invitation", "mail"],
        "to=alex": ["invitation"],
        "user=alex": ["invitation", "response"],
        "user=Alex@contoso.example&kind=response": ["response"],
        "to=lee": ["mail"],
        "to=robin@fabrikam.example": ["invitation"],
        "from=alex&to=megan": ["response"],
    }
    assert {query: [message["kind"] for message in company.megan("GET", f"{CONTROL}/outbox?{query}").body] for query in kinds} == kinds
    assert company.megan("DELETE", f"{CONTROL}/outbox").body == {"messages": 0}
    assert company.outbox() == []


@pytest.mark.parametrize(("query", "status"), [("kind=letter", 400), ("sender=alex", 400), ("user=nobody", 404)])
def test_the_outbox_refuses_a_question_that_makes_no_sense(company, query, status):
    assert company.megan("GET", f"{CONTROL}/outbox?{query}").status == status


def test_the_outbox_forgets_the_oldest(company):
    company.tenant.state.outbox = [{"kind": "mail", "subject": str(number)} for number in range(LONGEST)]
    send(company, LUNCH)
    assert (len(company.tenant.state.outbox), company.tenant.state.outbox[0]["subject"]) == (LONGEST, "1")


# --- mail tips -------------------------------------------------------------------------------------------------


def tips(company, options, *addresses):
    return company.megan("POST", "/me/getMailTips", {"EmailAddresses": list(addresses), "MailTipsOptions": options})


def test_mail_tips_tell_what_was_asked_and_nothing_else(company):
    away = {"automaticRepliesSetting": {"status": "alwaysEnabled", "internalReplyMessage": "On vacation", "externalReplyMessage": "Away"}}
    company.tenant.state.mailboxes[company.tenant.state.find_user("alex")]["settings"] = away
    answer = tips(company, "automaticReplies, mailboxFullStatus", "alex@contoso.example", "lee@contoso.example")
    assert answer.status == 200
    assert answer.body["@odata.context"].endswith("/v1.0/$metadata#Collection(microsoft.graph.mailTips)")
    assert answer.body["value"] == [
        {
            "emailAddress": {"name": "", "address": "alex@contoso.example"},
            "automaticReplies": {
                "message": "On vacation",
                "messageLanguage": {"locale": "en-US", "displayName": "English (United States)"},
            },
            "mailboxFull": False,
        },
        {"emailAddress": {"name": "", "address": "lee@contoso.example"}, "automaticReplies": {"message": ""}, "mailboxFull": False},
    ]


def test_mail_tips_know_the_inside_from_the_outside_and_count_members(company):
    state = company.tenant.state
    state.users["guest"] = {
        "id": "guest",
        "displayName": "Robin",
        "mail": "robin@fabrikam.example",
        "userPrincipalName": "robin#EXT#@contoso.example",
    }
    state.groups["g"] = {"displayName": "Sales", "mail": "sales@contoso.example", "x-members": ["guest", state.find_user("lee")]}
    answer = tips(
        company,
        "recipientScope,externalMemberCount,totalMemberCount,maxMessageSize,moderationStatus,deliveryRestriction,customMailTip,recipientSuggestions",
        "sales@contoso.example",
        "ann@fabrikam.example",
    )
    group, outside = answer.body["value"]
    assert (group["recipientScope"], group["externalMemberCount"], group["totalMemberCount"]) == ("internal", 1, 2)
    assert (group["maxMessageSize"], group["isModerated"], group["deliveryRestricted"], group["customMailTip"]) == (
        37748736,
        False,
        False,
        "",
    )
    assert outside["recipientScope"] == "external"
    assert "totalMemberCount" not in outside


def test_an_address_that_nobody_has_is_an_error_of_its_own(company):
    good, bad = tips(company, "mailboxFullStatus", "alex@contoso.example", "nobody@contoso.example").body["value"]
    assert "error" not in good
    assert bad["error"]["code"] == "ErrorMailRecipientNotFound"
    assert "mailboxFull" not in bad


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"EmailAddresses": [], "MailTipsOptions": "automaticReplies"}, "ErrorInvalidParameter"),
        ({"EmailAddresses": ["alex@contoso.example"]}, "ErrorInvalidParameter"),
        ({"EmailAddresses": ["alex@contoso.example"], "MailTipsOptions": "weather"}, "RequestBodyRead"),
        ({"EmailAddresses": "alex@contoso.example", "MailTipsOptions": "automaticReplies"}, "RequestBodyRead"),
    ],
)
def test_mail_tips_refuse_what_makes_no_sense(company, body, code):
    answer = company.megan("POST", "/me/getMailTips", body)
    assert (answer.status, answer.code) == (400, code)


def test_mail_tips_take_the_permission_to_read_mail():
    body = {"EmailAddresses": ["alex@contoso.example"], "MailTipsOptions": "automaticReplies"}
    assert Graph(new_tenant(), "megan", ("Mail.Send",))("POST", "/me/getMailTips", body).status == 403


def test_guests_of_a_meeting_are_told_in_the_outbox_once(company):
    company.invite(attendees=guests("alex", "lee"))
    (message,) = company.outbox()
    assert message["@odata.type"] == "#microsoft.graph.eventMessageRequest"
    assert (message["meetingMessageType"], message["meetingRequestType"], message["type"]) == (
        "meetingRequest",
        "newMeetingRequest",
        "singleInstance",
    )
    assert (message["startDateTime"], message["endDateTime"]) == (
        {"dateTime": "2026-12-07T10:00:00", "timeZone": "UTC"},
        {"dateTime": "2026-12-07T11:00:00", "timeZone": "UTC"},
    )
