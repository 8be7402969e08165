/** The id of the chat in `opencodeExport`. */
export const SESSION = 'ses_de3be7ebaffehIVjPZnzptHt0A';

const TOKENS = { total: 0, input: 0, output: 0, reasoning: 0, cache: { read: 0, write: 0 } };

/** A chat of 200 turns in a folder, as opencode 1.18 exports and imports it. */
export function opencodeExport(directory: string): object {
  const model = { providerID: 'stub', modelID: 'scripted' };
  const turns = Array.from({ length: 200 }, (_, turn) => [
    message(2 * turn, `Question ${turn + 1}? ${'and why '.repeat(40)}`, {
      ...{ role: 'user', agent: 'build', model },
      time: { created: 2 * turn },
    }),
    message(2 * turn + 1, `Decision ${turn + 1}: ${'because '.repeat(60)}`, {
      ...{ role: 'assistant', parentID: idOf('msg', 2 * turn), mode: 'build', agent: 'build', ...model },
      ...{ path: { cwd: directory, root: directory }, cost: 0, tokens: TOKENS, finish: 'stop' },
      time: { created: 2 * turn + 1, completed: 2 * turn + 1 },
    }),
  ]);
  const info = { id: SESSION, slug: 'boats', projectID: 'global', directory, path: '', title: 'Boats' };
  return {
    info: { ...info, version: '1.18.33', time: { created: 1, updated: 2 } },
    messages: turns.flat(),
  };
}

function message(number: number, text: string, info: object): object {
  const part = { type: 'text', text, id: idOf('prt', number), messageID: idOf('msg', number) };
  return {
    info: { id: idOf('msg', number), sessionID: SESSION, ...info },
    parts: [{ ...part, sessionID: SESSION }],
  };
}

function idOf(kind: string, number: number): string {
  return `${kind}_21c4${String(number).padStart(22, '0')}`;
}
