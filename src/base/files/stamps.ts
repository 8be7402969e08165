const two = (value: number) => String(value).padStart(2, '0');

/** The stamps of one clock reading, in local time: what people and file names see. */
export interface Stamps {
  /** `YY-MM-DD`: begins a session folder's name. */
  folderDate: string;
  /** `MM-DD-HHMM`: begins a document's name. */
  file: string;
  /** `MM-DD HH:MM`: in log lines. */
  log: string;
  /** `YYYY-MM-DD HH:MM`: the overview's `Started:`. */
  minute: string;
  /** `YYYY-MM-DD HH:MM:SS`: the history's `timestamp`. */
  second: string;
}

export function stampsAt(ms: number): Stamps {
  const at = new Date(ms);
  const month = two(at.getMonth() + 1);
  const day = two(at.getDate());
  const hour = two(at.getHours());
  const minute = two(at.getMinutes());
  const year = String(at.getFullYear());
  return {
    folderDate: `${year.slice(-2)}-${month}-${day}`,
    file: `${month}-${day}-${hour}${minute}`,
    log: `${month}-${day} ${hour}:${minute}`,
    minute: `${year}-${month}-${day} ${hour}:${minute}`,
    second: `${year}-${month}-${day} ${hour}:${minute}:${two(at.getSeconds())}`,
  };
}

/** Three digits at least: iteration numbers in names and flow lines. */
export function threeDigits(value: number): string {
  return String(value).padStart(3, '0');
}
