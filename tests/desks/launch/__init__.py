"""Real service desks as child processes on loopback: each in its own directory, on its own port, stopped for sure.

    RequestTracker.start(directory, name, hook_url=None, hook_secret=HOOK_SECRET)
    Redmine.start(directory, name)                                  it has no webhooks: poll it
    Roundup.start(directory, name, hook_url=None, hook_secret=HOOK_SECRET)
    with chain.Chain() as desks:                                    all four, side by side, in a temporary directory
        desks.customer (RT) · desks.vendor (Redmine) · desks.partner (RT) · desks.subcontractor (Roundup)
    with mailhouse.MailHouse() as house:                            Exim and Dovecot: house.smtp, house.imap, a mailbox for each address

Every desk        name, directory, port, base_url, process (pid, running), user_ids {login: id}, custom_fields {name: id}
                  stop() restart() pause() resume(); client(login) an httpx.Client that speaks as that person;
                  missing() why it cannot be started here, or None
RT and Roundup    hook_secret, hook_to(url or None): from the next change on, without a restart
RequestTracker    rest_url (…/REST/2.0), tokens {login: token}, queue "Federation", queue_id
Redmine           keys {login: key}, project "federation", project_id, trackers, statuses, priorities {name: id},
                  closed_statuses {name}, instance (the link in /var/lib/redmine)
Roundup           rest_url (…/rest/data; base_url is the tracker), passwords {login: password}, statuses, priorities
                  {name: id}; all its ids are strings, and custom_fields holds property names

People: fedbot (the gateway's account), alice and bob (agents), who may all do the same and may not delete; the one who
may is root in RT, admin elsewhere. RT also has cust1, a requester without privileges (cust1@example.test).
Custom fields: ExternalRef (our marker), DelegateTo (an agent writes a partner's code there), Site, and one for each
other item that may cross (tests.desks.people.agent.CUSTOM).
Webhooks carry HMAC-SHA256 of the body under hook_secret, as "sha256=<hex>": RT in X-RT-Signature (one message for each
transaction: ticket txn type field old new creator status updated), Roundup in X-Roundup-Signature (class id new actor).
Desks of the same name share their credentials between runs: finished databases are kept as templates in the cache.
"""

from tests.desks.launch.desk import HOOK_SECRET, Desk, HookingDesk
from tests.desks.launch.process import DeskFailed
from tests.desks.launch.redmine import Redmine
from tests.desks.launch.request_tracker import RequestTracker
from tests.desks.launch.roundup import Roundup

__all__ = ["HOOK_SECRET", "Desk", "DeskFailed", "HookingDesk", "Redmine", "RequestTracker", "Roundup"]
