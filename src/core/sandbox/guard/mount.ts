/** A rule for a folder or file. Later rules override earlier ones. */
export interface Mount {
  /** `empty`: hidden, and read-only. `link`: a symbolic link to `from`. */
  kind: 'read_only' | 'writable' | 'hidden' | 'empty' | 'link';
  /** Absolute, without links. */
  path: string;
  /** The source, if another path is mounted there. */
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
