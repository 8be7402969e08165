/**
 * As much of GraphQL as a question to GitHub needs: fields with alias and arguments, inline fragments. A field that an
 * object does not have is an error, as at GitHub.
 */
interface Field {
  kind: 'field';
  name: string;
  alias: string;
  args: Record<string, unknown>;
  fields: Selection[];
}
interface Fragment {
  kind: 'fragment';
  on: string;
  fields: Selection[];
}
type Selection = Field | Fragment;

export interface Reply {
  data: unknown;
  errors?: { type?: string; path: (string | number)[]; message: string }[];
}

/** What a resolver throws: the field becomes null and the error is reported beside the data. */
export class FieldError extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

class UnknownField extends Error {}

export function parseQuestion(text: string): Selection[] {
  const tokens: string[] = text.match(/"(?:[^"\\]|\\.)*"|\.\.\.|[A-Za-z_]\w*|-?\d+|[{}()[\]:!$,]/g) ?? [];
  let at = tokens[0] === 'query' ? tokens.indexOf('{') : 0;
  const next = () => tokens[at++] ?? '';
  const expect = (wanted: string) => {
    const found = next();
    if (found !== wanted) throw new UnknownField(`Expected ${wanted} at token ${at}, not ${found}`);
  };
  const value = (): unknown => {
    const token = next();
    if (token === '[') {
      const list: unknown[] = [];
      while (tokens[at] !== ']') {
        list.push(value());
        if (tokens[at] === ',') at += 1;
      }
      at += 1;
      return list;
    }
    return /^["\d-]/.test(token) ? JSON.parse(token) : token;
  };
  const selection = (): Selection => {
    if (tokens[at] === '...') {
      at += 1;
      expect('on');
      return { kind: 'fragment', on: next(), fields: selections() };
    }
    const alias = next();
    let name = alias;
    if (tokens[at] === ':') {
      at += 1;
      name = next();
    }
    const args: Record<string, unknown> = {};
    if (tokens[at] === '(') {
      at += 1;
      while (tokens[at] !== ')') {
        const key = next();
        expect(':');
        args[key] = value();
        if (tokens[at] === ',') at += 1;
      }
      at += 1;
    }
    return { kind: 'field', name, alias, args, fields: tokens[at] === '{' ? selections() : [] };
  };
  function selections(): Selection[] {
    expect('{');
    const found: Selection[] = [];
    while (tokens[at] !== '}') found.push(selection());
    at += 1;
    return found;
  }
  return selections();
}

/** By GitHub's rule: the requests of all connections, by a hundred, at least 1. */
export function pointsOf(question: readonly Selection[]): number {
  const requests = (fields: readonly Selection[], times: number): number =>
    fields.reduce((sum, field) => {
      const limit = field.kind === 'field' ? (field.args.first ?? field.args.last) : undefined;
      return typeof limit === 'number'
        ? sum + times + requests(field.fields, times * limit)
        : sum + requests(field.fields, times);
    }, 0);
  return Math.max(1, Math.round(requests(question, 1) / 100));
}

export function answerQuestion(question: readonly Selection[], root: object): Reply {
  const errors: NonNullable<Reply['errors']> = [];
  const resolve = (field: Field, object: Record<string, unknown>, path: (string | number)[]): unknown => {
    const own = object[field.name];
    if (own === undefined)
      throw new UnknownField(
        `Field '${field.name}' doesn't exist on type '${object.__typename ?? path.at(-2)}'`,
      );
    try {
      return below(typeof own === 'function' ? own(field.args) : own, field, path);
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      errors.push({ type: error.type, path, message: error.message });
      return null;
    }
  };
  const below = (value: unknown, field: Field, path: (string | number)[]): unknown => {
    if (Array.isArray(value)) return value.map((each, index) => below(each, field, [...path, index]));
    if (typeof value !== 'object' || value === null) return value;
    if (field.fields.length === 0) throw new UnknownField(`Field '${field.name}' must have selections`);
    return select(field.fields, value as Record<string, unknown>, path);
  };
  const select = (
    fields: readonly Selection[],
    object: Record<string, unknown>,
    path: (string | number)[],
  ): Record<string, unknown> =>
    Object.fromEntries(
      fields.flatMap((field): [string, unknown][] => {
        if (field.kind === 'fragment')
          return field.on === object.__typename ? Object.entries(select(field.fields, object, path)) : [];
        return [[field.alias, resolve(field, object, [...path, field.alias])]];
      }),
    );
  try {
    const data = select(question, root as Record<string, unknown>, []);
    return errors.length > 0 ? { data, errors } : { data };
  } catch (error) {
    if (!(error instanceof UnknownField)) throw error;
    return { data: undefined, errors: [{ path: ['query'], message: error.message }] };
  }
}

/** A list as GitHub pages it. */
export function connection(list: readonly object[]) {
  return ({ first, last, after }: { first?: number; last?: number; after?: string }) => {
    if (first === undefined && last === undefined)
      throw new UnknownField(
        'You must provide a `first` or `last` value to properly paginate the connection.',
      );
    if ((first ?? last ?? 0) > 100) throw new UnknownField('A page has at most 100 records.');
    const rest = list.slice(after === undefined ? 0 : Number(after));
    const page = first === undefined ? rest.slice(-(last ?? 0)) : rest.slice(0, first);
    const end = list.length - rest.length + page.length;
    const hasNextPage = first !== undefined && end < list.length;
    return { nodes: page, totalCount: list.length, pageInfo: { hasNextPage, endCursor: `${end}` } };
  };
}
