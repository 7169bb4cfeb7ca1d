import { difference, rgb, type Rgb } from './colour.js';
import type { Random } from './random.js';

export const LEAGUES = ['daylight', 'floodlit'] as const;

export type League = (typeof LEAGUES)[number];

/** What a person on the pitch wears. */
export interface Kit {
  shirt: Rgb;
  /** Sleeves, collar and numbers. */
  trim: Rgb;
  shorts: Rgb;
  socks: Rgb;
  striped?: boolean;
}

/** How the pictures of a match look when all is drawn. */
export interface Grade {
  /** Factors for red, green and blue: exposure and white balance. */
  gain: Rgb;
  /** Standard deviation of the sensor noise in grey levels. */
  noise: number;
  /** How much darker the corners are, 0..1. */
  vignette: number;
  /** How much light is scattered over the picture by the lamps, 0..1. */
  glare: number;
}

/** What stays the same during a match and differs between matches. */
export interface Match {
  league: League;
  teams: readonly [Kit, Kit];
  keepers: readonly [Kit, Kit];
  referee: Kit;
  grass: { colour: Rgb; stripes: 'across' | 'along' | 'chequered' | 'rings'; contrast: number };
  /** Shadows on the ground: where to, in metres per metre of height, and how dark. */
  shadows: readonly { x: number; y: number; opacity: number }[];
  /** The part of the pitch that the stand's shadow covers: its edge in metres across the pitch. */
  shadedFrom: number | undefined;
  stand: { brightness: number; seats: Rgb; sky: Rgb };
  flag: Rgb;
  grade: Grade;
  seed: number;
}

const kit = (shirt: string, trim: string, shorts: string, socks: string, striped = false): Kit => ({
  ...{ shirt: rgb(shirt), trim: rgb(trim), shorts: rgb(shorts), socks: rgb(socks), striped },
});

/** No two palettes of a league share a colour that a spectator could take for another: a class is known by its kit. */
interface Palette {
  teams: readonly [Kit, ...Kit[]];
  keepers: readonly [Kit, ...Kit[]];
  referees: readonly [Kit, ...Kit[]];
  grass: readonly [Rgb, ...Rgb[]];
}

const PALETTES: Readonly<Record<League, Palette>> = {
  daylight: {
    teams: [
      kit('#c81f2d', '#f4f4f4', '#f0f0f0', '#c81f2d'),
      kit('#1f48c4', '#f0f2f6', '#1f48c4', '#f0f2f6'),
      kit('#eef0f3', '#2b3c78', '#2b3c78', '#eef0f3'),
      kit('#76b4e8', '#f4f6f8', '#f2f4f6', '#76b4e8'),
      kit('#7d1630', '#a8c4e6', '#f0f0f0', '#7d1630'),
      kit('#3a3f9c', '#e6d36a', '#3a3f9c', '#3a3f9c'),
      kit('#f2f2f2', '#c22533', '#c22533', '#f2f2f2', true),
      kit('#eef1f4', '#2352b8', '#2352b8', '#2352b8', true),
      kit('#b3202a', '#22368c', '#22368c', '#22368c', true),
    ],
    keepers: [
      kit('#ff7d12', '#2a2a2a', '#ff7d12', '#ff7d12'),
      kit('#f25ab8', '#3a1030', '#f25ab8', '#f25ab8'),
      kit('#d6f02c', '#30340c', '#d6f02c', '#d6f02c'),
      kit('#ffb400', '#3a2a00', '#ffb400', '#ffb400'),
    ],
    referees: [
      kit('#17181c', '#f0e63a', '#141519', '#17181c'),
      kit('#1b1b20', '#ff5fa0', '#141519', '#1b1b20'),
      kit('#191a1e', '#5fe0f0', '#141519', '#191a1e'),
    ],
    grass: [rgb('#4a9443'), rgb('#529a3c'), rgb('#3f8a48'), rgb('#5a9a45')],
  },
  floodlit: {
    teams: [
      kit('#f0d022', '#1c5a34', '#1c5a34', '#f0d022'),
      kit('#0f9a92', '#f2f2f2', '#0c3a40', '#0f9a92'),
      kit('#e8552a', '#1c1c22', '#1c1c22', '#e8552a'),
      kit('#25262c', '#d8b23a', '#25262c', '#25262c'),
      kit('#e9e6ea', '#7a2a8a', '#e9e6ea', '#e9e6ea'),
      kit('#c21f52', '#1d2a5a', '#1d2a5a', '#c21f52', true),
      kit('#25262c', '#e4e4e8', '#e4e4e8', '#25262c', true),
      kit('#9fd0ea', '#2a2a30', '#2a2a30', '#9fd0ea'),
    ],
    keepers: [
      kit('#8a3fd0', '#e6dcf6', '#8a3fd0', '#8a3fd0'),
      kit('#8f979f', '#20242a', '#20242a', '#8f979f'),
      kit('#2f7a3c', '#d8f0d0', '#2f7a3c', '#2f7a3c'),
      kit('#d6f02c', '#30340c', '#30340c', '#d6f02c'),
    ],
    referees: [
      kit('#3fc8f0', '#12202a', '#16181c', '#3fc8f0'),
      kit('#f07aa8', '#201018', '#16181c', '#16181c'),
      kit('#b8e03a', '#1c2408', '#16181c', '#16181c'),
    ],
    grass: [rgb('#1f6a55'), rgb('#266a4a'), rgb('#1c6060'), rgb('#2c7050')],
  },
};

/** How far apart the shirts of the two teams must be, in RGB: referees send teams to change below that. */
const CLEARLY_DIFFERENT = 150;

/** Draws lots for everything that tells one match from another. */
export function createMatch(random: Random, league: League): Match {
  const palette = PALETTES[league];
  const home = random.pick(palette.teams);
  const rivals = palette.teams.filter((team) => difference(team.shirt, home.shirt) > CLEARLY_DIFFERENT);
  const away = rivals[Math.floor(random.next() * rivals.length)] as Kit;
  const referee = random.pick(palette.referees);
  const keepers = palette.keepers.filter((keeper) => difference(keeper.shirt, referee.shirt) > CLEARLY_DIFFERENT / 2);
  const first = Math.floor(random.next() * keepers.length);
  const night = league === 'floodlit';
  const warmth = random.between(-1, 1);
  const exposure = night ? random.between(0.82, 1) : random.between(0.95, 1.12);
  const sun = random.between(0, 2 * Math.PI);
  return {
    league,
    teams: [home, away],
    keepers: [keepers[first] as Kit, keepers[(first + 1) % keepers.length] as Kit],
    referee,
    grass: {
      colour: random.pick(palette.grass),
      stripes: random.pick(['across', 'across', 'along', 'chequered', 'rings']),
      contrast: random.between(0.05, 0.13),
    },
    shadows: night
      ? [0.6, 2.2, 3.8, 5.4].map((angle) => ({ x: 1.1 * Math.cos(angle), y: 1.1 * Math.sin(angle), opacity: 0.13 }))
      : [{ x: 0.9 * Math.cos(sun), y: 0.5 * Math.sin(sun), opacity: random.between(0.25, 0.42) }],
    shadedFrom: !night && random.next() < 0.4 ? random.between(15, 60) : undefined,
    stand: {
      brightness: night ? random.between(0.3, 0.45) : random.between(0.75, 1),
      seats: random.pick([rgb('#3a4a78'), rgb('#7a3038'), rgb('#4a4e58'), rgb('#2f6a5a')]),
      sky: night ? rgb('#0a0e18') : random.pick([rgb('#a9c8e8'), rgb('#c9d2da'), rgb('#8fb6e0')]),
    },
    flag: night ? random.pick([rgb('#f2f2f2'), rgb('#4fd0f0')]) : random.pick([rgb('#f5d51c'), rgb('#f04a28')]),
    grade: {
      gain: [exposure * (1 + 0.06 * warmth), exposure, exposure * (1 - (night ? 0.12 : 0.05) * warmth)],
      noise: night ? random.between(4, 7) : random.between(1.5, 3),
      vignette: night ? random.between(0.25, 0.4) : random.between(0.03, 0.12),
      glare: night ? random.between(0.05, 0.16) : 0,
    },
    seed: Math.floor(random.next() * 2 ** 32),
  };
}
