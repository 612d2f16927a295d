use strict;
use Socket;
use Fcntl;
use Errno qw(EINPROGRESS ECONNREFUSED EHOSTUNREACH ENETUNREACH EACCES EPERM);
use POSIX ();
$SIG{PIPE} = "IGNORE";
$| = 1;
my ($marker, $seconds, @words) = @ARGV;
my $awaited = 0;
sub now { (POSIX::times())[0] / POSIX::sysconf(POSIX::_SC_CLK_TCK()) }
sub open_socket {
  my ($protocol) = @_;
  my $tcp = $protocol eq "tcp";
  socket(my $socket, PF_INET, $tcp ? SOCK_STREAM : SOCK_DGRAM, getprotobyname($protocol) || ($tcp ? 6 : 17)) or return;
  fcntl($socket, F_SETFL, fcntl($socket, F_GETFL, 0) | O_NONBLOCK);
  return $socket;
}
my (%listener, %incoming, %seen, @probes);
for my $word (@words) {
  my ($kind, $protocol, $port, $address, $number) = split /:/, $word;
  if ($kind ne "listen") {
    push @probes, { kind => $kind, protocol => $protocol, number => $number,
      to => pack_sockaddr_in($port, inet_aton($address)), outcome => "lost", next => 0 };
    next;
  }
  my $socket = open_socket($protocol);
  setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, pack("i", 1)) if $protocol eq "tcp";
  if (bind($socket, pack_sockaddr_in($port, INADDR_ANY)) && ($protocol eq "udp" || listen($socket, 128))) {
    $listener{fileno $socket} = [$socket, $protocol];
    $awaited += $address; # how many come
  } else {
    print "$marker unbound $protocol:$port\n";
  }
}
sub finish { my ($probe, $outcome) = @_; $probe->{outcome} = $outcome; $probe->{done} = 1; close $probe->{socket} if $probe->{socket}; delete $probe->{socket} }
sub failed {
  my ($probe, $error) = @_;
  my $outcome = $error == ECONNREFUSED ? "refused" : $error == EHOSTUNREACH || $error == ENETUNREACH || $error == EACCES || $error == EPERM ? "unreachable" : "lost";
  return finish($probe, $outcome) if $probe->{kind} eq "touch" && $outcome eq "refused";
  close $probe->{socket} if $probe->{socket};
  delete $probe->{socket};
  @$probe{qw(outcome next)} = ($outcome, now() + 0.2);
}
sub connected {
  my ($probe) = @_;
  send($probe->{socket}, "$marker $probe->{number}\n", 0) if $probe->{kind} eq "probe";
  finish($probe, "ok");
}
sub begin {
  my ($probe) = @_;
  $probe->{socket} ||= open_socket($probe->{protocol}) or return failed($probe, 0);
  if ($probe->{protocol} eq "udp") {
    connect($probe->{socket}, $probe->{to});
    my $sent = send($probe->{socket}, "$marker $probe->{number}", 0);
    $probe->{outcome} = "refused" if !$sent && $! == ECONNREFUSED;
    $probe->{next} = now() + 0.2;
    return;
  }
  return connected($probe) if connect($probe->{socket}, $probe->{to});
  return failed($probe, $!) unless $! == EINPROGRESS;
  $probe->{next} = now() + 2.5;
}
sub arrived { $seen{$1} = 1 if $_[0] =~ /^\Q$marker\E (\d+)/ }
my $end = now() + $seconds;
while ((my $left = $end - now()) > 0) {
  my @open = grep { !$_->{done} } @probes;
  last if !@open && keys %seen >= $awaited;
  for my $probe (grep { $_->{next} <= now() } @open) {
    if ($probe->{socket} && $probe->{protocol} eq "tcp") { close $probe->{socket}; delete $probe->{socket}; $probe->{outcome} = "lost" }
    begin($probe);
  }
  my ($read, $write) = ("", "");
  vec($read, $_, 1) = 1 for keys %listener, keys %incoming;
  for my $probe (grep { !$_->{done} && $_->{socket} } @open) {
    if ($probe->{protocol} eq "udp") { vec($read, fileno $probe->{socket}, 1) = 1 } else { vec($write, fileno $probe->{socket}, 1) = 1 }
  }
  select($read, $write, undef, 0.1) > 0 or next;
  for my $number (keys %incoming) {
    next unless vec($read, $number, 1);
    my $text = "";
    recv($incoming{$number}, $text, 200, 0);
    arrived($text);
    close delete $incoming{$number};
  }
  for my $number (keys %listener) {
    next unless vec($read, $number, 1);
    my ($socket, $protocol) = @{ $listener{$number} };
    if ($protocol eq "udp") {
      while (defined(my $peer = recv($socket, my $text = "", 200, 0))) {
        if ($text =~ /^\Q$marker\E /) { arrived($text); send($socket, $text, 0, $peer) }
      }
    } else {
      while (accept(my $connection, $socket)) { $incoming{fileno $connection} = $connection }
    }
  }
  for my $probe (grep { !$_->{done} && $_->{socket} } @open) {
    my $number = fileno $probe->{socket};
    if ($probe->{protocol} eq "udp") {
      next unless vec($read, $number, 1);
      if (defined recv($probe->{socket}, my $text = "", 200, 0)) { finish($probe, "ok") if $text eq "$marker $probe->{number}" }
      elsif ($! == ECONNREFUSED) { $probe->{outcome} = "refused" }
    } elsif (vec($write, $number, 1)) {
      my $error = unpack "i", getsockopt($probe->{socket}, SOL_SOCKET, SO_ERROR);
      $error ? failed($probe, $error) : connected($probe);
    }
  }
}
print "$marker probe $_->{number} $_->{outcome}\n" for @probes;
