// Numbers, times and sizes for people.

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  for (const unit of ["kB", "MB", "GB"]) {
    count /= 1000;
    if (count < 999.5) return `${count < 10 ? count.toFixed(1) : Math.round(count)} ${unit}`;
  }
  return `${(count / 1000).toFixed(1)} TB`;
}

export function when(seconds: number): string {
  return new Date(seconds * 1000).toLocaleString(undefined, {
    year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
  });
}

export function ago(seconds: number, now = Date.now() / 1000): string {
  const past = Math.max(0, now - seconds);
  if (past < 60) return "just now";
  for (const [unit, length] of [["minute", 60], ["hour", 3600], ["day", 86400]] as const) {
    const count = Math.floor(past / length);
    const limit = { minute: 60, hour: 24, day: 31 }[unit];
    if (count < limit) return `${count} ${unit}${count === 1 ? "" : "s"} ago`;
  }
  return when(seconds);
}

export function duration(seconds: number): string {
  // Rounded before it is split, else 119.7 s reads "1 min 60 s".
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function number(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString("en-US");
  return Number(value.toPrecision(5)).toString();
}
