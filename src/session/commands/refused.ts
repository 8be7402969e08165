/** Why a command is not carried out. The action words it for its caller; the worker writes it into an event. */
export interface Refused {
  kind: 'refused';
  code: string;
  what: string;
  why: string;
  /** Absent where the session's status says what comes next. */
  hint?: string;
  /** The reason is what the session does at the moment; whoever has more words for that may use them as `why`. */
  isStatus?: true;
}

export function refused(code: string, words: Omit<Refused, 'kind' | 'code'>): Refused {
  return { kind: 'refused', code, ...words };
}
