"""Reading datasets, with the standard library alone: python3 -m unittest discover -s tests (in models/training)."""

import importlib.util
import sys
import tempfile
import unittest
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from yolo_dataset import Box, DatasetError, dataset_of, label_file, parse_label, read_dataset, read_labels


class Folder(unittest.TestCase):
    """Each test has a folder of its own, and makes pictures (empty files: only their names count here) and labels."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        # As the reader gives paths: without symbolic links.
        self.root = Path(folder.name).resolve()
        self.data_yaml = self.root / 'data.yaml'

    def write(self, name: str, text: str = '') -> Path:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding='utf-8')
        return file

    def read(self, **description: object):
        return dataset_of({'names': ['player', 'ball'], **description}, self.data_yaml)

    def pictures(self, samples) -> list[str]:
        return [sample.picture.relative_to(self.root).as_posix() for sample in samples]


class ReadsSides(Folder):
    def test_folders_with_their_subfolders(self) -> None:
        for name in ('images/train/b.jpg', 'images/train/more/a.PNG', 'images/val/c.webp', 'images/train/notes.txt'):
            self.write(name)
        dataset = self.read(train='images/train', val='images/val')
        self.assertEqual(self.pictures(dataset.train), ['images/train/b.jpg', 'images/train/more/a.PNG'])
        self.assertEqual(self.pictures(dataset.val), ['images/val/c.webp'])

    def test_lists_of_folders(self) -> None:
        for name in ('one/images/a.jpg', 'two/images/b.jpg', 'val/images/c.jpg'):
            self.write(name)
        dataset = self.read(train=['one/images', 'two/images'], val='val/images')
        self.assertEqual(self.pictures(dataset.train), ['one/images/a.jpg', 'two/images/b.jpg'])

    def test_text_files_with_one_picture_per_line(self) -> None:
        for name in ('images/a.jpg', 'images/b.jpg'):
            self.write(name)
        self.write('train.txt', './images/a.jpg\n\nimages/a.jpg\n')
        self.write('val.txt', f'{self.root}/images/b.jpg')
        dataset = self.read(train='train.txt', val='val.txt')
        self.assertEqual(self.pictures(dataset.train), ['images/a.jpg'])
        self.assertEqual(self.pictures(dataset.val), ['images/b.jpg'])

    def test_a_path_that_the_sides_start_at(self) -> None:
        self.write('elsewhere/images/a.jpg')
        self.write('elsewhere/images/b.jpg')
        dataset = self.read(path='elsewhere', train='images', val='images')
        self.assertEqual(len(dataset.train), 2)

    def test_without_val_every_fifth_train_picture_is_held_back_with_a_warning(self) -> None:
        for number in range(10):
            self.write(f'images/{number}.jpg')
        with self.assertWarnsRegex(UserWarning, 'no val pictures'):
            dataset = self.read(train='images')
        self.assertEqual(self.pictures(dataset.val), ['images/4.jpg', 'images/9.jpg'])
        self.assertEqual(len(dataset.train), 8)

    def test_what_is_missing_is_named(self) -> None:
        self.write('images/a.jpg')
        self.write('list.txt', 'images/gone.jpg\n')
        for description, message in (
            ({'train': 'nowhere'}, 'nowhere is neither a folder nor a list'),
            ({'train': 'list.txt'}, r'gone\.jpg, which does not exist'),
            ({}, '0 pictures under train and none under val'),
            ({'train': 'images'}, '1 pictures under train and none under val'),
        ):
            with self.assertRaisesRegex(DatasetError, message):
                self.read(**description)


class ReadsNames(Folder):
    def test_a_list_and_a_mapping_mean_the_same(self) -> None:
        self.write('images/a.jpg')
        for names in (['player', 'ball'], {0: 'player', 1: 'ball'}, {1: 'ball', 0: 'player'}):
            dataset = self.read(names=names, train='images', val='images')
            self.assertEqual(dataset.names, ('player', 'ball'))

    def test_gaps_and_nothing_are_refused(self) -> None:
        for names in ({0: 'player', 2: 'ball'}, {}, None, 'player'):
            with self.assertRaises(DatasetError):
                self.read(names=names, train='images')


class ReadsLabels(Folder):
    def test_a_picture_without_label_file_or_with_an_empty_one_shows_background(self) -> None:
        self.write('images/a.jpg')
        self.write('images/b.jpg')
        self.write('labels/b.txt', '\n')
        dataset = self.read(train='images', val='images')
        self.assertEqual([sample.boxes for sample in dataset.train], [(), ()])

    def test_labels_stand_beside_the_pictures(self) -> None:
        self.assertEqual(label_file(Path('/data/images/train/a.jpg')), Path('/data/labels/train/a.txt'))
        self.assertEqual(label_file(Path('/images/set/images/a.b.png')), Path('/images/set/labels/a.b.txt'))
        self.assertEqual(label_file(Path('/data/a.jpg')), Path('/data/a.txt'))

    def test_boxes_each_once(self) -> None:
        file = self.write('labels/a.txt', '1 0.5 0.25 0.1 0.2\n0 0.5 0.5 1 1\n1 0.5 0.25 0.1 0.2\n')
        self.assertEqual(read_labels(file, 2), (Box(1, 0.5, 0.25, 0.1, 0.2), Box(0, 0.5, 0.5, 1, 1)))

    def test_a_polygon_becomes_the_box_around_it(self) -> None:
        self.assertEqual(parse_label('0 0.25 0.5 0.75 0.5 0.5 0.75', 1, 'a:1'), Box(0, 0.5, 0.625, 0.5, 0.25))

    def test_a_line_that_is_no_box_is_named(self) -> None:
        for line in (
            '0 0.5 0.5 0.1',
            '0 0.5 0.5 0.1 nan',
            '0 a 0.5 0.1 0.1',
            '2 0.5 0.5 0.1 0.1',
            '0.5 0.5 0.5 0.1 0.1',
            '0 320 180 20 20',
            '0 0.5 0.5 0 0.1',
        ):
            with self.assertRaisesRegex(DatasetError, 'a.txt:2'):
                read_labels(self.write('labels/a.txt', f'0 0.5 0.5 0.1 0.1\n{line}\n'), 2)


@unittest.skipUnless(importlib.util.find_spec('yaml'), 'PyYAML is not installed')
class ReadsYaml(Folder):
    def test_a_dataset_as_exporters_write_it(self) -> None:
        self.write('images/train/a.jpg')
        self.write('images/val/b.jpg')
        self.write('labels/val/b.txt', '1 0.5 0.5 0.1 0.1')
        self.write(
            'data.yaml', 'path: .\ntrain: images/train\nval: images/val\nnc: 2\nnames:\n  0: player\n  1: ball\n'
        )
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            dataset = read_dataset(self.data_yaml)
        self.assertEqual(dataset.val[0].boxes, (Box(1, 0.5, 0.5, 0.1, 0.1),))

    def test_files_that_cannot_be_read_are_named(self) -> None:
        with self.assertRaisesRegex(DatasetError, 'data.yaml does not exist'):
            read_dataset(self.data_yaml)
        for text in ('a: [', '- a', ''):
            self.write('data.yaml', text)
            with self.assertRaisesRegex(DatasetError, 'data.yaml'):
                read_dataset(self.data_yaml)


if __name__ == '__main__':
    unittest.main()
