# Prints what Perl's XML::Feed finds in a feed, as JSON: it reads Atom by XML::Atom, and RSS by XML::RSS.
use strict;
use warnings;
use JSON::PP;
use XML::Feed;

# Otherwise XML::Atom gives bytes.
$XML::Atom::ForceUnicode = 1;
# Otherwise XML::Feed gives the last file of an entry.
$XML::Feed::MULTIPLE_ENCLOSURES = 1;

my $feed = XML::Feed->parse($ARGV[0]) or die XML::Feed->errstr;
my @items = map {
    my @files = map { $_->url } grep { defined } ($_->enclosure);
    my $date = $_->issued;
    { id => $_->id, link => $_->link, title => $_->title, date => $date ? $date->epoch : undef, enclosures => \@files };
} $feed->entries;
binmode STDOUT;
print JSON::PP->new->utf8->allow_nonref->encode(\@items);
