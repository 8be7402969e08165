/** A unit of measure in the sample project. */
export interface Unit {
  name: string;
  symbol: string;
  family: string;
  /** Its size in the family's base unit. */
  factor: number;
}

const PREFIXES: ReadonlyArray<[string, string, number]> = [
  ['nano', 'n', 1e-9],
  ['micro', 'u', 1e-6],
  ['milli', 'm', 1e-3],
  ['', '', 1],
  ['kilo', 'k', 1e3],
  ['mega', 'M', 1e6],
  ['giga', 'G', 1e9],
];

const BASES: ReadonlyArray<[string, string, string]> = [
  ['length', 'metre', 'm'],
  ['mass', 'gram', 'g'],
  ['volume', 'litre', 'l'],
  ['time', 'second', 's'],
  ['pressure', 'pascal', 'Pa'],
  ['energy', 'joule', 'J'],
  ['power', 'watt', 'W'],
  ['force', 'newton', 'N'],
  ['frequency', 'hertz', 'Hz'],
  ['charge', 'coulomb', 'C'],
  ['voltage', 'volt', 'V'],
  ['current', 'ampere', 'A'],
];

const OTHERS: ReadonlyArray<[string, string, string, number]> = [
  ['length', 'inch', 'in', 0.0254],
  ['length', 'foot', 'ft', 0.3048],
  ['length', 'yard', 'yd', 0.9144],
  ['length', 'mile', 'mi', 1609.344],
  ['length', 'nautical-mile', 'nmi', 1852],
  ['length', 'fathom', 'ftm', 1.8288],
  ['mass', 'ounce', 'oz', 28.349523125],
  ['mass', 'pound', 'lb', 453.59237],
  ['mass', 'stone', 'st', 6350.29318],
  ['mass', 'tonne', 't', 1e6],
  ['volume', 'pint', 'pt', 0.56826125],
  ['volume', 'gallon', 'gal', 4.54609],
  ['volume', 'barrel', 'bbl', 158.987294928],
  ['time', 'minute', 'min', 60],
  ['time', 'hour', 'h', 3600],
  ['time', 'day', 'd', 86_400],
  ['time', 'week', 'wk', 604_800],
  ['pressure', 'bar', 'bar', 1e5],
  ['pressure', 'atmosphere', 'atm', 101_325],
  ['energy', 'calorie', 'cal', 4.184],
  ['energy', 'watt-hour', 'Wh', 3600],
  ['power', 'horsepower', 'hp', 745.6998715822702],
  ['force', 'dyne', 'dyn', 1e-5],
  ['frequency', 'beat-per-minute', 'bpm', 1 / 60],
];

/** 108 units in 12 families, families and units always in the same order. */
export const UNITS: readonly Unit[] = [
  ...BASES.flatMap(([family, name, symbol]) =>
    PREFIXES.map(([prefix, letter, factor]) => ({
      family,
      name: prefix + name,
      symbol: letter + symbol,
      factor,
    })),
  ),
  ...OTHERS.map(([family, name, symbol, factor]) => ({ family, name, symbol, factor })),
];

export const FAMILIES: readonly string[] = BASES.map(([family]) => family);
