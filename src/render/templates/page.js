(() => {
  try {
    const lang = document.documentElement.lang, now = Date.now();
    const near = new Intl.RelativeTimeFormat(lang, { numeric: "auto", style: "short" });
    for (const time of document.querySelectorAll("time[data-age]")) {
      const minutes = Math.round((now - Date.parse(time.dateTime)) / 60000);
      if (minutes < 0 || minutes >= 1440) continue;
      time.title = new Date(time.dateTime).toLocaleString(lang);
      time.textContent = minutes < 60 ? near.format(-minutes, "minute") : near.format(-Math.round(minutes / 60), "hour");
    }
    const days = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
    for (const time of document.querySelectorAll("time[data-day]")) {
      const today = new Date(now).toLocaleDateString("en-CA", { timeZone: time.dataset.day });
      const age = Math.round((Date.parse(today) - Date.parse(time.dateTime)) / 86400000);
      if (age !== 0 && age !== 1) continue;
      time.title = time.textContent;
      time.textContent = days.format(-age, "day");
    }
  } catch { /* The times stay as they are written. */ }
})();
