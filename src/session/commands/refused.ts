import type { SamocodeError } from '../../base/errors.ts';

/** Why a command is not carried out. The action throws its error; the worker writes that into an event. */
export interface Refused {
  kind: 'refused';
  error: SamocodeError;
  /** The reason is what the session does at the moment; whoever has more words for that may use them as `why`. */
  isStatus?: true;
}

export function refused(error: SamocodeError): Refused {
  return { kind: 'refused', error };
}

export function refusedForStatus(error: SamocodeError): Refused {
  return { kind: 'refused', error, isStatus: true };
}
