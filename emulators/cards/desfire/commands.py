"""The commands of a DESFire, by their instruction."""

from types import MappingProxyType

from emulators.cards.desfire import applications, files
from emulators.cards.desfire.rules import Rule
from readers.credentials.desfire.channel import Comm
from readers.credentials.desfire.framing import Instruction

RULES = MappingProxyType[int, Rule](
    {
        Instruction.SELECT_APPLICATION: Rule(applications.select, is_raw=True),
        Instruction.GET_VERSION: Rule(applications.get_version, frames=(7, 7)),
        Instruction.GET_CARD_UID: Rule(applications.get_uid, Comm.FULL),
        Instruction.GET_KEY_VERSION: Rule(applications.get_key_version),
        Instruction.GET_KEY_SETTINGS: Rule(applications.get_key_settings),
        Instruction.CHANGE_KEY_SETTINGS: Rule(applications.change_key_settings, Comm.FULL, header=0),
        Instruction.CHANGE_KEY: Rule(applications.change_key, is_raw=True),
        Instruction.CREATE_APPLICATION: Rule(applications.create_application),
        Instruction.DELETE_APPLICATION: Rule(applications.delete_application),
        Instruction.GET_APPLICATION_IDS: Rule(applications.get_application_ids),
        Instruction.FORMAT_PICC: Rule(applications.format_picc),
        Instruction.CREATE_STD_DATA_FILE: Rule(files.create),
        Instruction.DELETE_FILE: Rule(files.delete),
        Instruction.GET_FILE_IDS: Rule(files.get_ids),
        Instruction.GET_FILE_SETTINGS: Rule(files.get_settings),
        Instruction.READ_DATA: Rule(files.read, None),
        Instruction.WRITE_DATA: Rule(files.write, None, header=files.WHERE),
    }
)
