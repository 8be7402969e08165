import { PHASE_NAMES, SIGNAL_STATUSES, WAITING_FOR } from '../../phases/table.ts';

const textOrNull = { type: ['string', 'null'] };
const oneOf = (values: readonly string[]) => ({ type: 'string', enum: values });
const oneOfOrNull = (values: readonly string[]) => ({ type: ['string', 'null'], enum: [...values, null] });

const properties = {
  status: oneOf(SIGNAL_STATUSES),
  phase: oneOfOrNull(PHASE_NAMES),
  for: oneOfOrNull(WAITING_FOR),
  reason: textOrNull,
  needs: textOrNull,
  note: textOrNull,
  summary: textOrNull,
  file: textOrNull,
  acknowledged: { type: ['array', 'null'], items: { type: 'string' } },
};

/**
 * The signal as a strict JSON schema: every key required and no other allowed, as the services want it;
 * null stands for a key that a signal would leave out.
 */
export const SIGNAL_SCHEMA = {
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
};
