import { render } from 'preact';
import { App } from './app.js';
import { applyTheme, storedTheme } from './ui/theme.js';
import './styles/base.css';
import './styles/shell.css';
import './styles/review.css';
import './styles/pages.css';

applyTheme(storedTheme());
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
