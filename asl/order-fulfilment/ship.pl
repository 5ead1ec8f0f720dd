# Picks a carrier for a speed and computes what it costs to ship parcels of these weights.
use strict;
use warnings;
use List::Util qw(sum0);

my $event = do { local $/; <STDIN> };
my ($speed) = $event =~ /"speed"\s*:\s*"(\w+)"/;
my ($list) = $event =~ /"grams"\s*:\s*\[([^\]]*)\]/;
my $grams = sum0(split /,/, $list);
my %carriers = (
        express => { carrier => "Swift Air", days => 1, base => 1500, factor => 3 },
        standard => { carrier => "Green Rail", days => 4, base => 490, factor => 1 },
);
my $with = $carriers{$speed} or die "no carrier for $speed\n";
my $cost = $with->{base} + int($grams * $ENV{CENTS_PER_KILOGRAM} * $with->{factor} / 1000 + 0.5);

printf qq({"carrier":"%s","days":%d,"cost":%d}\n), $with->{carrier}, $with->{days}, $cost;
