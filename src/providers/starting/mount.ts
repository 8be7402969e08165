/** One rule about a folder or file. Later rules win over earlier ones. */
export interface Mount {
  /** `held`: it stays as it is, but can't be moved away with all that it holds. */
  kind: 'read_only' | 'writable' | 'hidden' | 'held';
  /** Absolute, without links. */
  path: string;
  /** What is there inside, where it is not what is there outside. */
  from?: string;
  /** It may be missing, which is fine. */
  ifThere?: true;
}

export function readOnly(path: string): Mount {
  return { kind: 'read_only', path };
}

export function writable(path: string): Mount {
  return { kind: 'writable', path };
}
