import { twoDigits } from '../durations.ts';

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
  const month = twoDigits(at.getMonth() + 1);
  const day = twoDigits(at.getDate());
  const hour = twoDigits(at.getHours());
  const minute = twoDigits(at.getMinutes());
  const year = String(at.getFullYear());
  return {
    folderDate: `${year.slice(-2)}-${month}-${day}`,
    file: `${month}-${day}-${hour}${minute}`,
    log: `${month}-${day} ${hour}:${minute}`,
    minute: `${year}-${month}-${day} ${hour}:${minute}`,
    second: `${year}-${month}-${day} ${hour}:${minute}:${twoDigits(at.getSeconds())}`,
  };
}

export function threeDigits(value: number): string {
  return String(value).padStart(3, '0');
}
