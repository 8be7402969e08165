const two = (value: number) => String(value).padStart(2, '0');

/** The timestamps of one clock reading, in local time, for people and file names. */
export interface Stamps {
  /** `YY-MM-DD`: prefix of a session folder's name. */
  folderDate: string;
  /** `MM-DD-HHMM`: prefix of a document's name. */
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

/** Writes at least three digits, as for iteration numbers in names and flow lines. */
export function threeDigits(value: number): string {
  return String(value).padStart(3, '0');
}
