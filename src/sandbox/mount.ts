/** A rule for a folder or file. Later rules override earlier ones. */
export interface Mount {
  /** `held`: unrestricted, but it can't be moved away with its content. `empty`: hidden, and read-only. */
  kind: 'read_only' | 'writable' | 'hidden' | 'held' | 'empty';
  /** Absolute, without links. */
  path: string;
  /** The source, if another path is mounted there; for a hidden file, /dev/null. */
  from?: string;
  /** Skipped if missing. */
  ifThere?: true;
}

export function readOnly(path: string): Mount {
  return { kind: 'read_only', path };
}

export function writable(path: string): Mount {
  return { kind: 'writable', path };
}
