"""A client that follows people, groups, apps, service principals and grants always ends up with what their lists show."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from daypass_sandbox.entra.graph_api import GRAPH_APP_ID
from directory_caller import ALEX, PASSWORD, administrator, bound, reference
from graph_caller import MEGAN, Graph, new_tenant

COLLECTIONS = {  # each with what a client selects, and the relations that are followed
    "users": ("displayName,jobTitle,city,mobilePhone,mail,userType", ("manager",)),
    "groups": ("displayName,description,mailNickname,visibility", ("members", "owners")),
    "applications": ("displayName,notes,identifierUris,passwordCredentials", ()),
    "servicePrincipals": ("displayName,appDisplayName,appId,servicePrincipalNames,notes", ()),
    "oauth2PermissionGrants": ("clientId,consentType,scope", ()),
}
picks = st.integers(0, 40)
words = st.text("abc", min_size=1, max_size=3)
likely = st.sampled_from([0.3, 0.7])
quirks = st.fixed_dictionaries(
    {"seed": st.integers(0, 1000)},
    optional=dict.fromkeys(("emptyPages", "repeatedItems", "repeatedLinks", "replays"), likely),
)


class Follower:
    """A client of one collection: what it holds, and the link it goes on with. Who is `brief` asks for what changed alone."""

    def __init__(self, graph: Graph, collection: str, *, brief: bool) -> None:
        self.graph, self.prefer = graph, "return=minimal" if brief else ""
        self.items: dict[str, dict] = {}
        select, relations = COLLECTIONS[collection]
        self.relations = relations
        self.link = f"/{collection}/delta?$select={','.join((select, *relations))}"
        self.in_round = True

    def take_page(self) -> None:
        answer = self.graph("GET", self.link, prefer=self.prefer)
        assert answer.status == 200, answer.body
        for item in answer.body["value"]:
            self.apply(dict(item))
        self.in_round = "@odata.nextLink" in answer.body
        self.link = answer.body["@odata.nextLink" if self.in_round else "@odata.deltaLink"]

    def apply(self, item: dict) -> None:
        if "@removed" in item:
            self.items.pop(item["id"], None)
            return
        held = self.items.setdefault(item["id"], {relation: set() for relation in self.relations})
        for relation in self.relations:
            for other in item.pop(f"{relation}@delta", ()):
                (held[relation].discard if "@removed" in other else held[relation].add)(other["id"])
        held.update(item)

    def catch_up(self) -> None:
        """To the end of the round, and one round more: what changed during a first round is told in the next."""
        for _ in range(2):
            self.take_page()
            for _ in range(200):
                if not self.in_round:
                    break
                self.take_page()
            assert not self.in_round, "the round does not end"


class Directory(RuleBasedStateMachine):
    """A directory in which things happen, and two followers of each collection."""

    collections: tuple[str, ...] = ()

    def start(self, quirks):
        self.graph = administrator(new_tenant())
        self.graph.tenant.state.quirks = dict(quirks)
        self.gone: list[str] = []
        self.count = 0

    def follow(self):
        self.followers = [(name, Follower(self.graph, name, brief=brief)) for name in self.collections for brief in (False, True)]

    def ask(self, method, path, body=None, *expected):
        answer = self.graph(method, path, body)
        assert answer.status in (expected or (200, 201, 204, 400, 404, 409)), answer.body
        return answer

    def number(self) -> int:
        self.count += 1
        return self.count

    def delete(self, collection, object_id):
        if self.ask("DELETE", f"/{collection}/{object_id}", None, 204, 404).status == 204:
            self.gone.append(object_id)

    @rule(pick=picks, forever=st.booleans())
    def bring_back(self, pick, forever):
        if self.gone:
            path = f"/directory/deletedItems/{self.gone[pick % len(self.gone)]}"
            self.ask("DELETE", path) if forever else self.ask("POST", f"{path}/restore")

    @rule(pick=picks, first=st.booleans())
    def come_back_after_all_were_told(self, pick, first):
        if self.gone:
            self.everybody_catches_up()
            self.bring_back(pick if first else -1, forever=False)
            self.everybody_catches_up()

    @rule()
    def everybody_takes_a_page(self):
        for _, follower in self.followers:
            follower.take_page()

    @rule()
    def everybody_catches_up(self):
        for collection, follower in self.followers:
            follower.catch_up()
            listed, (select, relations) = self.listed(collection), COLLECTIONS[collection]
            assert follower.items.keys() == listed.keys()
            for object_id, held in follower.items.items():
                assert {n: held.get(n) for n in select.split(",")} == {n: listed[object_id].get(n) for n in select.split(",")}
                for relation in relations:
                    assert held[relation] == self.related(collection, object_id, relation), (collection, relation)

    def listed(self, collection) -> dict[str, dict]:
        select = f"id,{COLLECTIONS[collection][0]}" if collection != "oauth2PermissionGrants" else ""
        answer = self.graph("GET", f"/{collection}{select and '?$top=999&$select='}{select}")
        return {item["id"]: item for item in answer.body["value"]}

    def related(self, collection, object_id, relation) -> set[str]:
        answer = self.graph("GET", f"/{collection}/{object_id}/{relation}")
        if relation == "manager":
            return {answer.body["id"]} if answer.status == 200 else set()
        return {item["id"] for item in answer.body["value"]}

    def teardown(self):
        if hasattr(self, "followers"):
            self.everybody_catches_up()


class People(Directory):
    """People and groups; Megan stays, being the one who does it all."""

    collections = ("users", "groups")

    @initialize(quirks=quirks)
    def begin(self, quirks):
        self.start(quirks)
        self.users, self.groups = [ALEX, MEGAN], []
        self.create_user("ann")
        self.create_group("one", [0, 1], unified=True)
        self.follow()

    @rule(name=words)
    def create_user(self, name):
        nick = f"{name}{self.number()}"
        body = {"accountEnabled": True, "displayName": name, "mailNickname": nick, "passwordProfile": PASSWORD}
        self.users.append(self.ask("POST", "/users", {**body, "userPrincipalName": f"{nick}@contoso.example"}, 201).body["id"])

    @rule(pick=picks, member=st.sampled_from(["jobTitle", "city", "mobilePhone", "department"]), value=words | st.none())
    def change_user(self, pick, member, value):
        self.ask("PATCH", f"/users/{self.user(pick)}", {member: value})

    @rule(pick=picks, above=picks)
    def manage(self, pick, above):
        self.ask("PUT", f"/users/{self.user(pick)}/manager/$ref", reference(self.user(above)))

    @rule(pick=picks)
    def leave_without_manager(self, pick):
        self.ask("DELETE", f"/users/{self.user(pick)}/manager/$ref")

    @rule(pick=picks)
    def delete_user(self, pick):
        if self.user(pick) != MEGAN:
            self.delete("users", self.user(pick))

    def user(self, pick) -> str:
        return self.users[pick % len(self.users)]

    # --- groups

    @rule(name=words, people=st.lists(picks, max_size=3), unified=st.booleans())
    def create_group(self, name, people, unified):
        there = [user for user in dict.fromkeys(map(self.user, people)) if user in self.graph.tenant.state.users]
        body = {"displayName": name, "mailNickname": f"{name}{self.number()}", "mailEnabled": unified, "securityEnabled": not unified}
        body |= {"groupTypes": ["Unified"]} if unified else {}
        self.groups.append(self.ask("POST", "/groups", {**body, "members@odata.bind": bound(*there)}, 201).body["id"])

    @rule(pick=picks, member=st.sampled_from(["displayName", "description"]), value=words)
    def change_group(self, pick, member, value):
        self.ask("PATCH", f"/groups/{self.group(pick)}", {member: value})

    @rule(pick=picks, who=picks, relation=st.sampled_from(["members", "owners"]), nested=st.booleans())
    def join(self, pick, who, relation, nested):
        joining = self.group(who) if nested else self.user(who)
        self.ask("POST", f"/groups/{self.group(pick)}/{relation}/$ref", reference(joining))

    @rule(pick=picks, who=picks, relation=st.sampled_from(["members", "owners"]))
    def leave(self, pick, who, relation):
        self.ask("DELETE", f"/groups/{self.group(pick)}/{relation}/{self.user(who)}/$ref")

    @rule(pick=picks)
    def delete_group(self, pick):
        self.delete("groups", self.group(pick))

    def group(self, pick) -> str:
        return self.groups[pick % len(self.groups)]


class Apps(Directory):
    """Registrations, their service principals and what is granted to them."""

    collections = ("applications", "servicePrincipals", "oauth2PermissionGrants")

    @initialize(quirks=quirks)
    def begin(self, quirks):
        self.start(quirks)
        self.apps = []
        self.create_app("app")
        self.create_principal(0)
        self.consent(0, "User.Read")
        self.follow()

    @rule(name=words)
    def create_app(self, name):
        app = self.ask("POST", "/applications", {"displayName": name}, 201).body
        self.apps.append((app["id"], app["appId"]))

    @rule(pick=picks, member=st.sampled_from(["displayName", "notes", "identifierUris"]), value=words)
    def change_app(self, pick, member, value):
        identifier, _ = self.app(pick)
        self.ask("PATCH", f"/applications/{identifier}", {member: [f"api://{value}{pick}"] if member == "identifierUris" else value})

    @rule(pick=picks)
    def make_secret(self, pick):
        self.ask("POST", f"/applications/{self.app(pick)[0]}/addPassword")

    @rule(pick=picks)
    def create_principal(self, pick):
        self.ask("POST", "/servicePrincipals", {"appId": self.app(pick)[1]})

    @rule(pick=picks, notes=words | st.none())
    def change_principal(self, pick, notes):
        self.ask("PATCH", f"/servicePrincipals(appId='{self.app(pick)[1]}')", {"notes": notes})

    @rule(pick=picks)
    def delete_app(self, pick):
        self.delete("applications", self.app(pick)[0])

    @rule(pick=picks, scope=st.sampled_from(["User.Read", "User.Read Mail.Read"]))
    def consent(self, pick, scope):
        known = {record["appId"]: identifier for identifier, record in self.graph.tenant.state.service_principals.items()}
        client = known.get(self.app(pick)[1])
        body = {"clientId": client, "consentType": "AllPrincipals", "resourceId": known[GRAPH_APP_ID], "scope": scope}
        if client:
            self.ask("POST", "/oauth2PermissionGrants", body)

    @rule(pick=picks, scope=st.sampled_from(["User.Read", "Mail.Read"]))
    def change_consent(self, pick, scope):
        grants = self.listed("oauth2PermissionGrants")
        if grants:
            self.ask("PATCH", f"/oauth2PermissionGrants/{sorted(grants)[pick % len(grants)]}", {"scope": scope}, 204)

    @rule(pick=picks)
    def withdraw(self, pick):
        grants = self.listed("oauth2PermissionGrants")
        if grants:
            self.ask("DELETE", f"/oauth2PermissionGrants/{sorted(grants)[pick % len(grants)]}", None, 204)

    def app(self, pick) -> tuple[str, str]:
        return self.apps[pick % len(self.apps)]


TestPeople = People.TestCase
TestPeople.settings = settings(stateful_step_count=25)
TestApps = Apps.TestCase
TestApps.settings = settings(stateful_step_count=25)
