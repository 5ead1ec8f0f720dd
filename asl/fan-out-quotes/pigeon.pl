# The carrier that is always closed, and says so on purpose.
use strict;
use warnings;

my $event = do { local $/; <STDIN> };
my ($to) = $event =~ /"to"\s*:\s*"([^"]*)"/;
print STDERR qq({"errorType":"Closed","errorMessage":"no pigeons to $to today"}\n);
exit 1;
