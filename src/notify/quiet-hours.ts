/** `22:00-07:00`, in minutes of the local day; the end may be on the next day. */
export interface QuietHours {
  from: number;
  to: number;
}

export function quietHours(written: string | undefined): QuietHours | undefined {
  const [from, to] = (written ?? '').split('-').map((time) => {
    const [hour, minute] = time.split(':').map(Number);
    return Number(hour) * 60 + Number(minute);
  });
  return from === undefined || to === undefined ? undefined : { from, to };
}

/** Whether a moment lies in them, by the local time of this machine. */
export function isQuiet(hours: QuietHours | undefined, ms: number): boolean {
  if (hours === undefined) return false;
  const at = new Date(ms);
  const minute = at.getHours() * 60 + at.getMinutes();
  const { from, to } = hours;
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}
