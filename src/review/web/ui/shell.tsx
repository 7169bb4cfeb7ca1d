import type { ComponentChildren } from 'preact';
import type { IconName } from './icons.js';
import { Button } from './button.js';
import { useTheme, type Theme } from './theme.js';

const pages = [
  { page: 'tasks', name: 'Review', path: '/' },
  { page: 'rounds', name: 'Rounds', path: '/rounds' },
  { page: 'dataset', name: 'Dataset', path: '/dataset' },
] as const;

export function Navigation({ current }: { current: string }) {
  return (
    <nav class="navigation" aria-label="Pages">
      <a class="brand" href="/" aria-label="Frameloop, to the tasks">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M9 12V9h4M19 9h4v4M23 20v3h-4M13 23H9v-4" />
          <circle cx="16" cy="16" r="3" />
        </svg>
        <span>Frameloop</span>
      </a>
      {pages.map(({ page, name, path }) => (
        <a key={page} href={path} aria-current={page === current ? 'page' : undefined}>
          {name}
        </a>
      ))}
    </nav>
  );
}

const themes: Record<Theme, { next: Theme; icon: IconName; name: string }> = {
  auto: { next: 'light', icon: 'auto', name: 'as the system' },
  light: { next: 'dark', icon: 'sun', name: 'light' },
  dark: { next: 'auto', icon: 'moon', name: 'dark' },
};

export function ThemeSwitch() {
  const [theme, setTheme] = useTheme();
  const { next, icon, name } = themes[theme];
  return (
    <Button
      kind="plain"
      icon={icon}
      label={`Theme: ${name}. Change to ${themes[next].name}`}
      onClick={() => setTheme(next)}
    />
  );
}

/** The frame of every page but the review of a job, which needs the room. */
export function Shell(props: { current: string; onSignOut: () => void; children: ComponentChildren }) {
  return (
    <div class="shell">
      <header class="top-bar">
        <Navigation current={props.current} />
        <ThemeSwitch />
        <Button kind="plain" icon="signOut" label="Sign out" onClick={props.onSignOut} />
      </header>
      <main class="page">{props.children}</main>
    </div>
  );
}
