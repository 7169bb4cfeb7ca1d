"""
Loads a dataset folder as trainers and hosts do, lets Ultralytics validate an ONNX model on it, and prints what they found
as JSON. A warning of Python ends it; those of Ultralytics are among what is printed.
"""
import contextlib
import io
import json
import pathlib
import sys
import tempfile
import warnings

import mlcroissant
from pycocotools.coco import COCO
from ultralytics import YOLO
from ultralytics.data import YOLODataset
from ultralytics.data.utils import check_det_dataset
from ultralytics.utils import LOGGER

warnings.simplefilter("error")
folder, onnx = pathlib.Path(sys.argv[1]), sys.argv[2]
said = []
for level in ("warning", "error"):
    setattr(LOGGER, level, lambda message, *rest: said.append(str(message)))

data = check_det_dataset(str(folder / "data.yaml"), autodownload=False)
found = {}
for split in ("train", "val"):
    yolo = YOLODataset(img_path=data[split], data=data, task="detect", imgsz=64, augment=False)
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(folder / "annotations" / f"instances_{split}.json"))
    missing = [i["file_name"] for i in coco.dataset["images"] if not (folder / "images" / split / i["file_name"]).exists()]
    found[split] = dict(
        yolo_frames=len(yolo.labels),
        yolo_boxes=sum(len(label["cls"]) for label in yolo.labels),
        coco_frames=len(coco.getImgIds()),
        coco_boxes=len(coco.getAnnIds()),
        coco_missing=missing,
        classes={coco.cats[c]["name"]: len(coco.getAnnIds(catIds=[c])) for c in coco.getCatIds()},
    )
with warnings.catch_warnings():
    warnings.simplefilter("default")
    for split in ("train", "val"):
        with tempfile.TemporaryDirectory() as runs, contextlib.redirect_stdout(sys.stderr):
            metrics = YOLO(onnx, task="detect").val(
                data=str(folder / "data.yaml"), split=split, imgsz=64, batch=1, workers=0, plots=False, project=runs
            )
        found[split]["objects"] = {metrics.names[c]: int(n) for c, n in enumerate(metrics.nt_per_class)}
    croissant = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    rows = list(croissant.records("frames"))
found["croissant"] = dict(
    frames=len(rows),
    errors=list(croissant.metadata.ctx.issues.errors),
    first={key: str(value) for key, value in rows[0].items()},
)
print("FOUND " + json.dumps(dict(found=found, warnings=said)))
