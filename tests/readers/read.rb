# Prints what Ruby's rss finds in a feed, which it validates, as JSON.
require "json"
require "rss"

def item(entry)
  if entry.respond_to?(:guid)
    {
      id: entry.guid.content, link: entry.link, title: entry.title, date: entry.pubDate.to_i,
      enclosures: [entry.enclosure&.url].compact
    }
  else
    rel = ->(name) { entry.links.select { |link| (link.rel || "alternate") == name }.map(&:href) }
    {
      id: entry.id.content, link: rel["alternate"].first, title: entry.title.content, date: entry.published.content.to_i,
      enclosures: rel["enclosure"]
    }
  end
end

feed = RSS::Parser.parse(File.read(ARGV[0], encoding: "UTF-8"), true)
puts JSON.generate(feed.items.map { |entry| item(entry) })
