"""What a mail that b4 hands over stands for: a commit that the branch has already, or a patch that is still to be applied."""

from __future__ import annotations

from ptlint import resources
from ptlint.change.mail import NoPatch, read_patches
from ptlint.change.model import Patch
from ptlint.change.relevance import Relevance
from ptlint.errors import UsageError
from ptlint.review import ChangeRequest
from ptlint.tree import open_tree
from ptlint.tree.objects import Repository
from ptlint.tree.patched import lay

__all__ = ["request_for"]


def request_for(tree: str, mail: bytes, search: int) -> ChangeRequest | str:
    """How to look at ``mail``; a line that says why it cannot be looked at, empty when there is no patch in it (a cover letter).

    Among the last ``search`` commits that of the patch is known by its subject and by the blobs that it leads to.
    """
    try:
        patches = read_patches(mail, "the mail")
    except NoPatch:
        return ""
    except UsageError as error:
        return f"WARNING: {error}"
    if len(patches) == 1:
        with Repository(tree) as repository:
            commit = _commit(repository, patches[0], search)
        if commit is not None:
            return ChangeRequest(span=f"{commit}^..{commit}")
    matters = Relevance(resources.rules()).path
    with open_tree(tree) as ground:
        below = ground
        for patch in patches:
            try:
                below = lay(below, patch, None, matters)[1]
            except UsageError as error:
                return f"WARNING: not looked at: {error}"
    return ChangeRequest(patch=("the mail", mail))


def _commit(repository: Repository, patch: Patch, search: int) -> str | None:
    head = repository.resolve("HEAD")
    if head is None or not search:
        return None
    for identity in repository.last(head, search):
        commit = repository.commit(identity)
        if commit.subject != patch.subject or len(commit.parents) != 1:
            continue
        blobs = {raw.path: raw.new.blob if raw.new else "" for raw in repository.between(commit.parents[0], identity)}
        same = all((file.new or file.old) in blobs and (not file.new or blobs[file.new].startswith(file.new_id)) for file in patch.files)
        if same and patch.files:
            return identity
    return None
