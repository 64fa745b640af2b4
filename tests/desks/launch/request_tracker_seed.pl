#!/usr/bin/perl
# Fills a new Request Tracker for federation tests and prints what it made, as JSON.
# usage: RT_SITE_CONFIG=... request_tracker_seed.pl NAME
#
# The webhook is a scrip that reads its target from the file $ENV{FEDERATION_HOOK} at every call, so a test can move,
# break or silence it while the server runs. It works on a whole batch, after the commit: in the earlier stage the
# receiver would be told of a ticket that it cannot read yet (404, seen on SQLite and PostgreSQL).
use strict; use warnings;
use lib '/usr/share/request-tracker5/lib';
use RT -init;
use JSON;

my ($name) = @ARGV;
my $system = RT->SystemUser;

sub made { my ($ok, $why) = @_; die "seed: " . ($why // 'refused') . "\n" unless $ok; return $ok }

my $queue = RT::Queue->new($system);
made($queue->Create(
    Name => 'Federation', Description => 'Tickets that may travel',
    CorrespondAddress => "federation\@$name.test", CommentAddress => "federation-comment\@$name.test",
));

my %field;
for my $label (qw(ExternalRef DelegateTo Site Asset Tags Parts Rating VisitFrom VisitUntil OrderNumber Step)) {
    my $custom = RT::CustomField->new($system);
    my $type = $label eq 'Tags' ? 'FreeformMultiple' : 'FreeformSingle';
    made($custom->Create(Name => $label, Type => $type, LookupType => 'RT::Queue-RT::Ticket'));
    made($custom->AddToObject(RT::Queue->new($system)));    # an empty queue object means: everywhere
    $field{$label} = $custom->id + 0;
}

sub person {
    my ($login, %more) = @_;
    my $user = RT::User->new($system);
    made($user->Create(Name => $login, RealName => ucfirst $login, Password => "$login-Secret1", %more));
    return $user;
}

my %person = (
    (map { $_ => person($_, EmailAddress => "$_\@$name.test", Privileged => 1) } qw(fedbot alice bob)),
    cust1 => person('cust1', EmailAddress => 'cust1@example.test', Privileged => 0),
    root  => do { my $root = RT::User->new($system); $root->Load('root'); $root },
);

# Deliberately without DeleteTicket: a service account that may delete is one mistake away from losing tickets.
my @on_queue = qw(SeeQueue ShowTicket ShowTicketComments CreateTicket ReplyToTicket CommentOnTicket ModifyTicket
    OwnTicket TakeTicket StealTicket Watch ShowScrips);
my @everywhere = qw(SeeCustomField ModifyCustomField AdminUsers ManageAuthTokens);
my $team = RT::Group->new($system);
made($team->CreateUserDefinedGroup(Name => 'Service desk'));
made($team->AddMember($person{$_}->PrincipalId)) for qw(fedbot alice bob);
made($team->PrincipalObj->GrantRight(Right => $_, Object => $queue)) for @on_queue;
made($team->PrincipalObj->GrantRight(Right => $_, Object => $RT::System)) for @everywhere;
my $everyone = RT::Group->new($system);
$everyone->LoadSystemInternalGroup('Everyone');
made($everyone->PrincipalObj->GrantRight(Right => $_, Object => $queue)) for qw(CreateTicket ReplyToTicket SeeQueue);
my $requestor = RT::Group->new($system);
$requestor->LoadRoleGroup(Object => $queue, Name => 'Requestor');
made($requestor->id || $requestor->CreateRoleGroup(Object => $queue, Name => 'Requestor'));
made($requestor->PrincipalObj->GrantRight(Right => $_, Object => $queue)) for qw(ShowTicket ReplyToTicket);

my %token;
for my $login (sort keys %person) {
    my $token = RT::AuthToken->new($system);
    my ($ok, $why, $text) = $token->Create(Owner => $person{$login}->id, Description => 'federation tests');
    made($ok, $why);
    $token{$login} = $text;
}

my $webhook = <<'PERL';
use LWP::UserAgent; use JSON (); use Digest::SHA ();
open my $file, '<', $ENV{FEDERATION_HOOK} or return 1;
my $hook = JSON::decode_json(do { local $/; <$file> });
return 1 unless $hook->{url};
my $ticket = $self->TicketObj;
my $agent = LWP::UserAgent->new(timeout => 3);
for my $entry (@{ $ticket->TransactionBatch || [ $self->TransactionObj ] }) {
    my $body = JSON->new->utf8->canonical->encode({
        ticket => $ticket->Id + 0, txn => $entry->Id + 0, type => $entry->Type, field => $entry->Field,
        old => $entry->OldValue, new => $entry->NewValue, creator => $entry->CreatorObj->Name,
        status => $ticket->Status, updated => $ticket->LastUpdatedObj->ISO,
    });
    my $answer = $agent->post($hook->{url}, 'Content-Type' => 'application/json', Content => $body,
        'X-RT-Signature' => 'sha256=' . Digest::SHA::hmac_sha256_hex($body, $hook->{secret}));
    RT->Logger->error('federation webhook: ' . $answer->status_line) unless $answer->is_success;
}
1;
PERL
made(RT::Scrip->new($system)->Create(
    Queue => $queue->id, Description => 'federation webhook', ScripCondition => 'On Transaction',
    ScripAction => 'User Defined', Template => 'Blank', Stage => 'TransactionBatch',
    CustomPrepareCode => '1;', CustomCommitCode => $webhook,
));

print JSON->new->canonical->encode({
    queue => $queue->id + 0, fields => \%field, tokens => \%token,
    users => { map { $_ => $person{$_}->id + 0 } keys %person },
});
