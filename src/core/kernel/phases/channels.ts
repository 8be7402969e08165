/** The channels that can open a gate: `GATE_CHANNELS`. */
export const GATE_CHANNELS = ['tool', 'elicitation', 'cli', 'phone', 'web', 'file'] as const;

/** The channels of human acts; `settings`: lines of `.samocode` that the user trusted. */
export const CHANNELS = [...GATE_CHANNELS, 'settings'] as const;

/**
 * Channels that samocode itself shows to a person: `GATE_CHANNELS=person`. A form does not count: any program that
 * speaks MCP can show it and fill it in.
 */
export const PERSONAL = ['cli', 'phone', 'web'] as const satisfies readonly (typeof CHANNELS)[number][];
