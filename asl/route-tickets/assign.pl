# Picks an agent of a queue. The same customer always gets the same agent: a check sum of the address decides.
use strict;
use warnings;

my $event = do { local $/; <STDIN> };
my ($queue) = $event =~ /"queue"\s*:\s*"([^"]*)"/;
my ($from) = $event =~ /"from"\s*:\s*"([^"]*)"/;

open my $file, '<', 'agents.txt' or die "agents.txt: $!\n";
while (my $line = <$file>) {
        my ($name, $agents) = $line =~ /^([\w-]+):\s*(.*)$/ or next;
        next if $name ne $queue;
        my @agents = split ' ', $agents;
        my $sum = unpack '%32C*', $from;
        printf qq({"agent":"%s"}\n), $agents[$sum % @agents];
        exit 0;
}
print STDERR qq({"errorType":"NoSuchQueue","errorMessage":"$queue is not in agents.txt"}\n);
exit 1;
