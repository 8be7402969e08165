/** Acts as a parent model does that has shown the user what an act would do, or what is asked. */

type Args = Record<string, unknown>;

/** @param call a tool by its name */
export async function answerRead<Result extends object>(
  call: (name: string, args: Args) => Promise<Result>,
  args: Args,
): Promise<Result> {
  const read: { json?: Args; hash?: unknown } = await call('read_qa', { session: args.session });
  return await call('answer_qa', { ...args, hash: (read.json ?? read).hash });
}

/** @param call a tool that shows what it would do; what is refused there already is refused again */
export async function confirmRead(call: (args: object) => Promise<Args>, args: object): Promise<Args> {
  return await call({ ...args, confirm: hashIn(await call(args)) });
}

/** The hash that confirms a preview, from its next step. */
export function hashIn({ next }: Args): string {
  return /confirm: (\w+)/.exec(String(next))?.[1] ?? 'refused';
}
