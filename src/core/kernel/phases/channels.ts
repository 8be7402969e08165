/** The channels that can open a gate: `GATE_CHANNELS`. */
export const GATE_CHANNELS = ['tool', 'elicitation', 'cli', 'phone', 'web', 'file'] as const;

/** The channels of human acts; `settings`: lines of `.samocode` that the user trusted. */
export const CHANNELS = [...GATE_CHANNELS, 'settings'] as const;

/**
 * Channels that samocode itself shows to a person: `GATE_CHANNELS=person`. A form does not count: any program that
 * speaks MCP can show it and fill it in.
 */
export const PERSONAL = ['cli', 'phone', 'web'] as const satisfies readonly (typeof CHANNELS)[number][];

const WAYS: Readonly<Record<(typeof CHANNELS)[number], string>> = {
  tool: 'through the chat',
  elicitation: 'in a form of the chat client',
  cli: 'with samocode in a terminal, outside any agent',
  phone: 'by phone',
  web: 'on the page of samocode web',
  file: 'by typing answers into _qa.md',
  settings: 'by a setting',
};

export function waysOf(channels: readonly string[]): string {
  const ways = Object.entries(WAYS).filter(([channel]) => channels.includes(channel));
  return ways.map(([, way]) => way).join(', or ');
}

/** For a model, which could type into the file itself. */
export function waysOutsideChat(channels: readonly string[]): string {
  return waysOf(channels.filter((each) => each !== 'file')) || 'outside of this chat';
}
