# A weather service that is busy for the first attempts: as many as the event says ("busyFor").
use strict;
use warnings;

sub fail {
        my ($name, $message) = @_;
        print STDERR qq({"errorType":"$name","errorMessage":"$message"}\n);
        exit 1;
}

my $event = do { local $/; <STDIN> };
my ($city) = $event =~ /"city"\s*:\s*"([^"]*)"/;
my ($attempt) = $event =~ /"attempt"\s*:\s*(\d+)/;
my ($busy_for) = $event =~ /"busyFor"\s*:\s*(\d+)/;
fail('ServiceBusy', "attempt $attempt came too early") if $attempt < $busy_for;

open my $file, '<', 'forecasts.csv' or die "forecasts.csv: $!\n";
while (my $line = <$file>) {
        chomp $line;
        my ($where, $forecast, $celsius) = split /,/, $line;
        next if $where ne $city;
        printf qq({"city":"%s","forecast":"%s","celsius":%s,"from":"service","attempts":%d}\n),
                $city, $forecast, $celsius, $attempt + 1;
        exit 0;
}
fail('BadRequest', "nobody knows the weather of $city");
