/** The channels that can open a gate: `GATE_CHANNELS`. */
export const GATE_CHANNELS = ['tool', 'elicitation', 'cli', 'phone', 'web', 'file'] as const;

/** The channels of human acts; `settings`: lines of `.samocode` that the user trusted. */
export const CHANNELS = [...GATE_CHANNELS, 'settings'] as const;

/** Channels that no model or program can use: `GATE_CHANNELS=person`. */
export const PERSONAL = [
  'elicitation',
  'cli',
  'phone',
  'web',
] as const satisfies readonly (typeof CHANNELS)[number][];
