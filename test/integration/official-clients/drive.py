"""Drives CVAT's own Python clients, as they come from PyPI, through one life of a project and its tasks.

Usage: drive.py URL TOKEN PASSWORD FOLDER. FOLDER holds pictures named *.jpg; archives are written there.
Prints one JSON document of what the clients have seen; the test compares it with what was sent.
"""

import json
import os
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

from cvat_sdk import make_client, models
from cvat_sdk.api_client import exceptions
from cvat_sdk.core.proxies.annotations import AnnotationUpdateAction
from cvat_sdk.core.proxies.tasks import ResourceType

url, token, password, folder = sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4])
pictures = sorted(folder.glob("*.jpg"))
FORMAT = "Ultralytics YOLO Detection 1.0"
seen = {"versions": {name: version(name) for name in ("cvat-sdk", "cvat-cli")}}


def label_archive(path, names, boxes):
    """A YOLO archive without pictures; `boxes` gives the lines of a picture by its name."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.yaml", json.dumps({"path": ".", "train": "train.txt", "names": dict(enumerate(names))}))
        archive.writestr("train.txt", "".join(f"images/train/{picture.name}\n" for picture in pictures))
        for name, lines in boxes.items():
            archive.writestr(f"labels/train/{Path(name).stem}.txt", "\n".join(lines))
    return path


def shapes_of(annotations, labels):
    names = {value: name for name, value in labels.items()}
    return [[shape.frame, names[shape.label_id], [round(x, 3) for x in shape.points]] for shape in annotations.shapes]


def use_sdk(client, name):
    """`name` is that of the project, and of the folder for archives."""
    client.config.status_check_period = 0.1
    archives = folder / name
    archives.mkdir()
    project = client.projects.create({"name": name, "labels": [{"name": "cat"}, {"name": "dog"}]})
    labels = {label.name: label.id for label in project.get_labels()}
    archive = label_archive(archives / "sdk.zip", ["dog", "cat"], {pictures[1].name: ["0 0.5 0.5 0.25 0.5"]})
    task = client.tasks.create_from_data(
        spec={"name": "sdk task", "project_id": project.id, "segment_size": 2},
        resource_type=ResourceType.LOCAL,
        resources=pictures,
        data_params={"image_quality": 80},
        annotation_path=str(archive),
        annotation_format=FORMAT,
    )
    found = {"user": client.users.retrieve_current_user().username}
    found["imported"] = shapes_of(task.get_annotations(), labels)

    # List, also by a filter of the client's own making.
    found["listed"] = [[one.name, one.size] for one in client.tasks.list(project_id=project.id)]
    found["filtered"] = [one.id == task.id for one in client.tasks.list(id__in=[task.id, 999_999])]
    jobs = sorted(task.get_jobs(), key=lambda job: job.start_frame)
    found["jobs"] = [[job.start_frame, job.stop_frame, job.state, job.stage] for job in jobs]
    found["frames"] = [[frame.name, frame.width, frame.height] for frame in task.get_frames_info()]
    found["job frames"] = [frame.name for frame in jobs[1].get_frames_info()]
    found["frame bytes"] = [
        task.get_frame(0).read() == pictures[0].read_bytes(),
        jobs[1].get_frame(2, quality="original").read() == pictures[2].read_bytes(),
    ]
    found["preview"] = len(task.get_preview().read()) > 0

    # Set, add, change and delete annotations, of the task and of a job.
    box = {"type": "rectangle", "frame": 0, "label_id": labels["cat"], "points": [1.0, 2.0, 30.5, 20.0]}
    task.set_annotations(models.LabeledDataRequest(shapes=[models.LabeledShapeRequest(**box)]))
    found["set"] = shapes_of(task.get_annotations(), labels)
    more = models.LabeledShapeRequest(**{**box, "frame": 2, "points": [5.0, 5.0, 6.0, 6.0]})
    jobs[1].update_annotations(models.PatchedLabeledDataRequest(shapes=[more]), action=AnnotationUpdateAction.CREATE)
    found["added"] = [len(job.get_annotations().shapes) for job in jobs]
    first = task.get_annotations().shapes[0]
    moved = {**first.to_dict(), "points": [2.0, 2.0, 31.0, 20.0]}
    task.update_annotations(models.PatchedLabeledDataRequest(shapes=[models.LabeledShapeRequest(**moved)]), action=AnnotationUpdateAction.UPDATE)
    found["moved"] = shapes_of(task.get_annotations(), labels)
    task.remove_annotations(ids=[first.id])
    found["left"] = shapes_of(task.get_annotations(), labels)
    jobs[0].set_annotations(models.LabeledDataRequest(shapes=[models.LabeledShapeRequest(**box)]))
    found["job set"] = shapes_of(task.get_annotations(), labels)

    # Leave frames out, of the task and of a job, and take them back.
    task.remove_frames_by_ids([1, 2])
    jobs[1].remove_frames_by_ids([])
    found["left out"] = [one.get_meta().deleted_frames for one in (task, *jobs)]
    task.export_dataset(FORMAT, archives / "without.zip", include_images=True)
    found["without"] = sorted(zipfile.ZipFile(archives / "without.zip").namelist())
    task.remove_frames_by_ids([])
    found["issues"] = len(jobs[0].get_issues())

    # Export.
    task.export_dataset(FORMAT, archives / "plain.zip", include_images=False)
    task.export_dataset(FORMAT, archives / "pictures.zip", include_images=True)
    task.export_dataset("COCO 1.0", archives / "coco.zip", include_images=False)
    jobs[0].export_dataset(FORMAT, archives / "job.zip", include_images=False)
    project.export_dataset(FORMAT, archives / "project.zip", include_images=False)
    found["archives"] = {
        one: sorted(zipfile.ZipFile(archives / f"{one}.zip").namelist())
        for one in ("plain", "pictures", "coco", "job", "project")
    }
    # What was exported can be imported again.
    task.remove_annotations()
    found["removed"] = len(task.get_annotations().shapes)
    task.import_annotations("COCO 1.0", archives / "coco.zip")
    found["back from COCO"] = shapes_of(task.get_annotations(), labels)
    # A whole project becomes another one, which takes the labels of the archive.
    project.export_dataset(FORMAT, archives / "whole.zip", include_images=True)
    copy = client.projects.create({"name": "copy"})
    copy.import_dataset(FORMAT, archives / "whole.zip")
    copied = {label.name: label.id for label in copy.get_labels()}
    found["copy"] = [[one.name, one.size, shapes_of(one.get_annotations(), copied)] for one in copy.get_tasks()]
    found["project preview"] = len(copy.get_preview().read()) > 0
    copy.remove()

    # Work.
    jobs[0].update({"state": "completed"})
    jobs[1].update({"stage": "acceptance", "state": "completed"})
    found["done"] = [[job.state, job.stage] for job in sorted(task.get_jobs(), key=lambda job: job.start_frame)]
    found["completed"] = [job.id == jobs[0].id for job in client.jobs.list(task_id=task.id, stage="annotation")]

    # Remove.
    task.remove()
    try:
        client.tasks.retrieve(task.id)
        found["gone"] = False
    except exceptions.NotFoundException:
        found["gone"] = True
    project.remove()
    found["projects"] = [one.name for one in client.projects.list(name=name)]
    return found


def sdk_with_token():
    with make_client(url, access_token=token) as client:
        seen["sdk with token"] = use_sdk(client, "by token")


def sdk_with_password():
    with make_client(url, credentials=("reviewer", password)) as client:
        seen["sdk with password"] = use_sdk(client, "by password")
        client.logout()
        try:
            client.projects.list()
            seen["after logout"] = "still in"
        except exceptions.UnauthorizedException:
            seen["after logout"] = "out"


def cli(*arguments, credentials=None):
    """Runs the command-line client; with the password in its arguments, or with the token from the environment."""
    environment = {**os.environ, "CVAT_ACCESS_TOKEN": "" if credentials else token}
    if credentials:
        del environment["CVAT_ACCESS_TOKEN"]
    login = ["--auth", credentials] if credentials else []
    program = Path(sys.executable).with_name("cvat-cli")
    run = subprocess.run(
        [program, "--server-host", url, *login, *arguments], env=environment, capture_output=True, text=True
    )
    if run.returncode != 0:
        raise SystemExit(f"cvat-cli {' '.join(map(str, arguments))}: {run.stderr[-2000:]}")
    return run.stdout.strip()


def use_cli():
    found = seen["cli"] = {}
    project_id = cli("project", "create", "by cli", "--labels", json.dumps([{"name": "cat"}]))
    archive = label_archive(folder / "cli.zip", ["cat"], {pictures[0].name: ["0 0.5 0.5 0.5 0.5"]})
    task_id = cli(
        *("task", "create", "cli task", "local", *map(str, pictures), "--project_id", project_id),
        *("--annotation_path", str(archive), "--annotation_format", FORMAT, "--completion_verification_period", "1"),
        credentials=f"reviewer:{password}",
    )
    listed = json.loads(cli("task", "ls", "--json"))
    found["listed"] = [[one["name"], one["size"]] for one in listed if str(one["id"]) == task_id]
    found["projects"] = project_id in cli("project", "ls").split()
    found["archives"] = {}

    def export(kind, number, name, *options):
        file = folder / f"cli-{name}.zip"
        cli(kind, "export-dataset", number, str(file), "--format", FORMAT, *options)
        found["archives"][name] = sorted(zipfile.ZipFile(file).namelist())

    def frame():
        (folder / "frames").mkdir()
        cli("task", "frames", task_id, "1", "--outdir", str(folder / "frames"), "--quality", "original")
        found["frame"] = [path.stat().st_size > 0 for path in (folder / "frames").iterdir()]

    together(
        lambda: export("task", task_id, "plain"),
        lambda: export("task", task_id, "pictures", "--with-images", "yes"),
        frame,
    )
    # Boxes are set by a file too, in place of those that were there.
    again = label_archive(folder / "cli-again.zip", ["cat"], {pictures[2].name: ["0 0.5 0.5 0.5 0.5"]})
    cli("task", "import-dataset", task_id, str(again), "--format", FORMAT)
    export("project", project_id, "project", "--with-images", "yes")
    cli("task", "delete", task_id)
    found["left"] = task_id in cli("task", "ls").split()


def together(*steps):
    """The clients spend most of their time waiting between two questions, some of them five seconds."""
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(step) for step in steps]:
            done.result()


together(sdk_with_token, sdk_with_password, use_cli)
json.dump(seen, sys.stdout)
