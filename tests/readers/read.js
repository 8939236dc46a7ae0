// Prints what rss-parser finds in a feed, as JSON.
const fs = require("fs");
const Parser = require("rss-parser");

const seconds = (date) => Math.floor(Date.parse(date) / 1000);

new Parser({ customFields: { item: ["published"] } })
  .parseString(fs.readFileSync(process.argv[2], "utf8"))
  .then((feed) => {
    const items = feed.items.map((item) => {
      const found = { id: item.guid || item.id, link: item.link ?? null, title: item.title };
      // Of Atom it tells the last change and no enclosures.
      if (item.guid) {
        found.date = seconds(item.isoDate);
        found.enclosures = item.enclosure ? [item.enclosure.url] : [];
      }
      return found;
    });
    console.log(JSON.stringify(items));
  })
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
