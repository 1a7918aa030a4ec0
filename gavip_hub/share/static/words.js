// Amounts and times in the words of the rest of the platform.

export function duration(seconds) {
  let left = Math.max(0, Math.round(seconds));
  const parts = [];
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]]) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count) parts.push(`${count} ${unit}`);
  }
  return parts.join(" ") || "0 s";
}

export function about(seconds) {
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes === 1) return "about a minute";
  if (minutes < 90) return `about ${minutes} minutes`;
  const hours = Math.round(minutes / 60);
  return `about ${duration(hours < 24 ? minutes * 60 : hours * 3600)}`;
}

const short = (number, digits) => String(Math.floor(number * 10 ** digits) / 10 ** digits);

export function cores(milli) {
  const number = short(milli / 1000, 3);
  return number === "1" ? "1 core" : `${number} cores`;
}

export function memory(bytes) {
  for (const [size, unit] of [[1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "kB"]]) {
    if (bytes >= size) return `${short(bytes / size, 2)} ${unit}`;
  }
  return `${bytes} bytes`;
}
