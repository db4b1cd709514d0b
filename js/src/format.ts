// Numbers, times and sizes for people.

import { locale, t, tn } from "./texts";

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  for (const unit of ["kB", "MB", "GB"]) {
    count /= 1000;
    if (count < 999.5) return `${count < 10 ? count.toFixed(1) : Math.round(count)} ${unit}`;
  }
  return `${(count / 1000).toFixed(1)} TB`;
}

export function when(seconds: number): string {
  return new Date(seconds * 1000).toLocaleString(locale(), {
    year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
  });
}

export function ago(seconds: number, now = Date.now() / 1000): string {
  const past = Math.max(0, now - seconds);
  if (past < 60) return t("just now");
  const [minutes, hours, days] = [60, 3600, 86400].map((length) => Math.floor(past / length));
  if (minutes < 60) return tn(minutes, "{0} minute ago", "{0} minutes ago");
  if (hours < 24) return tn(hours, "{0} hour ago", "{0} hours ago");
  if (days < 31) return tn(days, "{0} day ago", "{0} days ago");
  return when(seconds);
}

export function duration(seconds: number): string {
  // Rounded before it is split, else 119.7 s reads "1 min 60 s".
  if (seconds < 0.9995) return t("{0} ms", Math.round(seconds * 1000));
  if (seconds < 59.95) return t("{0} s", seconds.toFixed(1));
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return t("{0} min {1} s", minutes, whole % 60);
  return t("{0} h {1} min", Math.floor(minutes / 60), minutes % 60);
}

export function number(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString("en-US");
  // The digits before the point are never rounded away.
  if (Math.abs(value) >= 1e5 && Math.abs(value) < 1e15) return Math.round(value).toLocaleString("en-US");
  return Number(value.toPrecision(5)).toString();
}

/** What is told of what was thrown. */
export const reasonOf = (error: unknown) => String((error as Error).message ?? error);
