/** The channels by which a gate may be opened: `GATE_CHANNELS`. */
export const GATE_CHANNELS = ['tool', 'elicitation', 'cli', 'phone', 'file'] as const;

/** The channels by which a human act can reach a session; `settings`: lines of `.samocode` that its person trusted. */
export const CHANNELS = [...GATE_CHANNELS, 'settings'] as const;

/** Those that no model and no program can use: `GATE_CHANNELS=person`. */
export const PERSONAL = [
  'elicitation',
  'cli',
  'phone',
] as const satisfies readonly (typeof CHANNELS)[number][];
